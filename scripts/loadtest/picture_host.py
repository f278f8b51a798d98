"""A web server that answers each request for a picture after the same time.

Usage: picture_host.py ADDRESS PORT FOLDER SECONDS
"""

import http.server
import pathlib
import sys
import time


class Pictures(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    pictures, seconds = {}, 0.0

    def do_GET(self):
        content = self.pictures.get(self.path.lstrip("/"))
        time.sleep(self.seconds)
        self.send_response(200 if content else 404)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *_):
        pass


def main(address, port, folder, seconds):
    Pictures.pictures = {path.name: path.read_bytes() for path in pathlib.Path(folder).iterdir()}
    Pictures.seconds = float(seconds)
    server = http.server.ThreadingHTTPServer((address, int(port)), Pictures)
    server.daemon_threads = True
    print("listening", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
