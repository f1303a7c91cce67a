//! A Pod of the controller as its node would show it, with an address behind which a test decides who answers.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{ControlPlane, NAMESPACE};

/// Who answers at the Pod's address.
#[derive(Debug, Clone)]
pub(crate) enum Behind {
    /// Nobody: the connection is closed.
    Nobody,
    /// Nobody, and the connection stays, as when a network drops what is sent.
    Silence,
    /// The program on this port.
    Port(u16),
    /// Somebody who answers everything with this.
    Text(String),
}

/// A door to whoever is behind it. It stays open until the process ends.
pub(crate) struct Door {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct State {
    behind: Behind,
    /// Connections that have been opened.
    open: Vec<TcpStream>,
}

impl Door {
    /// On an address of this machine that the API server's proxy goes to: not loopback.
    pub(crate) fn open() -> Self {
        let listener = TcpListener::bind((own_address(), 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State { behind: Behind::Nobody, open: Vec::new() }));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let mut state = shared.lock().unwrap();
                state.open.push(client.try_clone().unwrap());
                let behind = state.behind.clone();
                thread::spawn(move || let_in(client, behind));
            }
        });
        Self { address, state }
    }

    /// Closes the connections that are open: an API server keeps its own for the next time.
    pub(crate) fn leads_to(&self, behind: Behind) {
        let mut state = self.state.lock().unwrap();
        state.behind = behind;
        for connection in state.open.drain(..) {
            drop(connection.shutdown(Shutdown::Both));
        }
    }
}

fn let_in(mut client: TcpStream, behind: Behind) {
    match behind {
        Behind::Nobody => drop(client.shutdown(Shutdown::Both)),
        Behind::Silence => thread::sleep(Duration::from_secs(20)),
        Behind::Port(port) => {
            let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { return };
            let (mut to, mut from) = (server.try_clone().unwrap(), client.try_clone().unwrap());
            thread::spawn(move || drop(std::io::copy(&mut from, &mut to)));
            let mut server = server;
            drop(std::io::copy(&mut server, &mut client));
        }
        Behind::Text(body) => {
            let mut request = [0; 4096];
            drop(client.read(&mut request));
            let length = body.len();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
            drop(client.write_all((head + &body).as_bytes()));
        }
    }
}

/// The address that this machine would send from. Nothing is sent.
fn own_address() -> IpAddr {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    let found = socket.connect("192.0.2.1:9").and_then(|()| socket.local_addr());
    let address =
        found.map(|address| address.ip()).ok().filter(|ip| !ip.is_loopback() && !ip.is_unspecified());
    address.expect("an address of this machine beside loopback, to which an API server's proxy does not go")
}

/// Makes the Pod, behind whose address there is the door, in place of those of the Deployment.
pub(crate) fn make(plane: &ControlPlane, door: &Door) {
    let namespace = format!("--namespace={NAMESPACE}");
    plane.kubectl_ok(&["scale", "deployment/jobrisk", "--replicas=0", &namespace]);
    let json = plane.kubectl_ok(&["get", "deployment", "jobrisk", &namespace, "-o", "json"]);
    let deployment: Value = serde_json::from_str(&json).unwrap();
    let template = &deployment["spec"]["template"];
    let mut pod = json!({ "apiVersion": "v1", "kind": "Pod", "spec": template["spec"] });
    pod["metadata"] =
        json!({ "name": "jobrisk-0", "namespace": NAMESPACE, "labels": template["metadata"]["labels"] });
    pod["spec"]["containers"][0]["ports"][0]["containerPort"] = json!(door.address.port());
    plane.kubectl_ok_stdin(&["create", "-f", "-"], &pod.to_string());
    let address = door.address.ip().to_string();
    set_status(plane, &json!({ "podIP": address, "podIPs": [{ "ip": address }] }));
    set_ready(plane, true);
    let gone = crate::support::eventually(Duration::from_secs(60), || {
        (plane.kubectl_ok(&["get", "pods", &namespace, "-o", "name"]).lines().count() == 1).then_some(())
    });
    assert!(gone.is_some(), "the Pods of the Deployment stay");
}

/// What the node says of it.
pub(crate) fn set_ready(plane: &ControlPlane, ready: bool) {
    let status = if ready { "True" } else { "False" };
    let ready = json!({ "type": "Ready", "status": status });
    set_status(plane, &json!({ "phase": "Running", "conditions": [ready] }));
}

/// Changes its status.
pub(crate) fn set_status(plane: &ControlPlane, status: &Value) {
    let (namespace, patch) = (format!("--namespace={NAMESPACE}"), json!({ "status": status }).to_string());
    let arguments =
        ["patch", "pod", "jobrisk-0", &namespace, "--subresource=status", "--type=merge", "--patch", &patch];
    plane.kubectl_ok(&arguments);
}
