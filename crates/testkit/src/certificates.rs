//! Certificates of a test's own.

// A test ends in a panic when it cannot have them.
#![allow(clippy::missing_panics_doc)]

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::PostgresServer;

/// An authority, and the certificate of a server that it vouches for. Made with `openssl`.
#[derive(Debug)]
pub struct Certificates {
    folder: TempDir,
}

impl Certificates {
    /// For a server at an address.
    pub fn new(address: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let script = format!(
            "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.crt &&
             openssl req -newkey rsa:2048 -nodes -subj /CN=server -keyout server.key -out server.csr &&
             printf 'subjectAltName=IP:{address}\\nextendedKeyUsage=serverAuth\\n' > extensions &&
             openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile extensions -out server.crt"
        );
        let made = Command::new("sh").args(["-c", &script]).current_dir(folder.path()).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self { folder }
    }

    /// The certificate of the authority.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.crt")
    }

    /// Puts the server's certificate and key into the folder of a database.
    pub fn give_to(&self, server: &PostgresServer) {
        for name in ["server.crt", "server.key"] {
            let script = format!(
                "cp {name} \"$1/{name}\" && chmod 600 \"$1/{name}\" && chown --reference=\"$1\" \"$1/{name}\""
            );
            let mut copy = Command::new("sh");
            copy.args(["-c", &script, "sh"]).arg(server.data()).current_dir(self.folder.path());
            assert!(copy.status().unwrap().success());
        }
    }
}
