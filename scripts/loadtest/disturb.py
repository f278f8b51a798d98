"""Ends and starts processes while the load goes on."""

import time

# The other ones live as long as the test does, so that their memory can be followed.
LASTING = ("server 1", "worker 1")


def disturb(fleet, figures, rng, until, every, redis_at):
    """Until a time, ends one process about every so many seconds and starts it anew; Redis once, at `redis_at`.

    The first server and the first worker are left alone.
    """
    victims = [member for member in [*fleet.servers, *fleet.workers] if member.name not in LASTING]
    while True:
        pause = rng.uniform(0.5, 1.5) * every
        if time.monotonic() + pause > until:
            time.sleep(max(0, until - time.monotonic()))
            return
        time.sleep(pause)
        if redis_at is not None and time.monotonic() > redis_at:
            redis_at = None
            fleet.redis.kill()
            figures.count("Redis killed")
            restart(fleet.redis, rng)
            continue
        member = rng.choice(victims)
        if rng.random() < 0.6:
            member.kill()
            figures.count("processes killed")
        else:
            member.terminate()
            figures.count("processes terminated")
        restart(member, rng)


def restart(member, rng):
    time.sleep(rng.uniform(0, 2))
    member.start()
