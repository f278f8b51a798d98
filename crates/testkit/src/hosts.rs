//! Several hosts on one machine: network namespaces on a bridge of their own.

// A test ends in a panic when its network cannot be set up.
#![allow(clippy::missing_panics_doc)]

use std::path::Path;
use std::process::{Command, Stdio};

/// The environment variable by which a test knows that it is inside.
const INSIDE: &str = "TRAPLINE_TEST_HOSTS";
/// The first parts of all addresses.
const NET: &str = "10.77.0";

/// A network of hosts, in which the test is the host `10.77.0.1`. All of it is gone with the process.
#[derive(Debug)]
pub struct Hosts(());

/// A host, which a process can be started on.
#[derive(Clone, Debug)]
pub struct Host {
    name: String,
    /// Its address.
    pub address: String,
}

impl Hosts {
    /// A network, when the process is inside namespaces of its own; else runs the test with the name
    /// `test` there, in a process of its own, and returns nothing when it has passed.
    pub fn enter(test: &str) -> Option<Self> {
        if std::env::var_os(INSIDE).is_some() {
            shell("mount -t tmpfs none /run && mkdir /run/netns && ip link set lo up");
            shell(&format!(
                "ip link add br0 type bridge && ip addr add {NET}.1/24 dev br0 && ip link set br0 up"
            ));
            return Some(Self(()));
        }
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--net", "--mount", "--"]);
        command.arg(std::env::current_exe().unwrap()).args(["--exact", test, "--nocapture"]);
        let status = command.env(INSIDE, "1").status().unwrap();
        assert!(status.success(), "the test inside namespaces failed: {status}");
        None
    }

    /// A new host whose address ends in `number`.
    pub fn add(&self, name: &str, number: u8) -> Host {
        let address = format!("{NET}.{number}");
        shell(&format!(
            "ip netns add {name} &&
             ip link add to-{name} type veth peer name eth0 netns {name} &&
             ip link set to-{name} master br0 up &&
             nsenter --net=/run/netns/{name} sh -c 'ip addr add {address}/24 dev eth0 && ip link set eth0 up && ip link set lo up'"
        ));
        Host { name: name.into(), address }
    }
}

impl Host {
    /// A command that runs a program there. It ends with the test, however that ends.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "nsenter", &format!("--net=/run/netns/{}", self.name)]);
        command.arg(program.as_ref());
        command
    }

    /// Cuts the host off: what is sent to it and by it is lost without a word.
    pub fn cut_off(&self) {
        shell(&format!("ip link set to-{} down", self.name));
    }

    /// Connects it again.
    pub fn connect(&self) {
        shell(&format!("ip link set to-{} up", self.name));
    }
}

fn shell(script: &str) {
    let output = Command::new("sh").args(["-ec", script]).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
}
