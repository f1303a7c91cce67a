//! The techniques of MITRE ATT&CK that rules name, with their names and tactics.
//!
//! Checked against the enterprise matrix of [`VERSION`] (14 April 2026): each of them is in it, neither revoked nor
//! deprecated. That version took the tactic Defense Evasion apart into Stealth and Defense Impairment, and revoked
//! T1562.001 for T1685.

/// The version of ATT&CK that the table was checked against.
pub const VERSION: &str = "19";

/// The tactics of the enterprise matrix in its order, by short name and name.
pub const TACTICS: [(&str, &str); 15] = [
    ("reconnaissance", "Reconnaissance"),
    ("resource-development", "Resource Development"),
    ("initial-access", "Initial Access"),
    ("execution", "Execution"),
    ("persistence", "Persistence"),
    ("privilege-escalation", "Privilege Escalation"),
    ("stealth", "Stealth"),
    ("defense-impairment", "Defense Impairment"),
    ("credential-access", "Credential Access"),
    ("discovery", "Discovery"),
    ("lateral-movement", "Lateral Movement"),
    ("collection", "Collection"),
    ("command-and-control", "Command and Control"),
    ("exfiltration", "Exfiltration"),
    ("impact", "Impact"),
];

/// A technique or sub-technique.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Technique {
    /// `T1053`, or `T1053.007` for a sub-technique.
    pub id: &'static str,
    /// Its name; that of a sub-technique with the name of its parent.
    pub name: &'static str,
    /// The tactics that it serves, by their short names.
    pub tactics: &'static [&'static str],
}

/// The techniques in use, by id.
pub static TECHNIQUES: &[Technique] = &[
    Technique { id: "T1005", name: "Data from Local System", tactics: &["collection"] },
    Technique { id: "T1006", name: "Direct Volume Access", tactics: &["stealth"] },
    Technique { id: "T1014", name: "Rootkit", tactics: &["stealth"] },
    Technique { id: "T1027", name: "Obfuscated Files or Information", tactics: &["stealth"] },
    Technique {
        id: "T1036.005",
        name: "Masquerading: Match Legitimate Resource Name or Location",
        tactics: &["stealth"],
    },
    Technique { id: "T1040", name: "Network Sniffing", tactics: &["credential-access", "discovery"] },
    Technique { id: "T1041", name: "Exfiltration Over C2 Channel", tactics: &["exfiltration"] },
    Technique { id: "T1046", name: "Network Service Discovery", tactics: &["discovery"] },
    Technique { id: "T1048", name: "Exfiltration Over Alternative Protocol", tactics: &["exfiltration"] },
    Technique {
        id: "T1053.003",
        name: "Scheduled Task/Job: Cron",
        tactics: &["execution", "persistence", "privilege-escalation"],
    },
    Technique {
        id: "T1053.007",
        name: "Scheduled Task/Job: Container Orchestration Job",
        tactics: &["execution", "persistence", "privilege-escalation"],
    },
    Technique { id: "T1057", name: "Process Discovery", tactics: &["discovery"] },
    Technique { id: "T1059", name: "Command and Scripting Interpreter", tactics: &["execution"] },
    Technique {
        id: "T1059.004",
        name: "Command and Scripting Interpreter: Unix Shell",
        tactics: &["execution"],
    },
    Technique { id: "T1070", name: "Indicator Removal", tactics: &["stealth"] },
    Technique {
        id: "T1078.001",
        name: "Valid Accounts: Default Accounts",
        tactics: &["initial-access", "persistence", "privilege-escalation", "stealth"],
    },
    Technique { id: "T1080", name: "Taint Shared Content", tactics: &["lateral-movement"] },
    Technique { id: "T1090", name: "Proxy", tactics: &["command-and-control"] },
    Technique { id: "T1095", name: "Non-Application Layer Protocol", tactics: &["command-and-control"] },
    Technique {
        id: "T1098.004",
        name: "Account Manipulation: SSH Authorized Keys",
        tactics: &["persistence", "privilege-escalation"],
    },
    Technique { id: "T1102", name: "Web Service", tactics: &["command-and-control"] },
    Technique { id: "T1105", name: "Ingress Tool Transfer", tactics: &["command-and-control"] },
    Technique { id: "T1110", name: "Brute Force", tactics: &["credential-access"] },
    Technique { id: "T1140", name: "Deobfuscate/Decode Files or Information", tactics: &["stealth"] },
    Technique { id: "T1219", name: "Remote Access Tools", tactics: &["command-and-control"] },
    Technique { id: "T1485", name: "Data Destruction", tactics: &["impact"] },
    Technique { id: "T1486", name: "Data Encrypted for Impact", tactics: &["impact"] },
    Technique { id: "T1489", name: "Service Stop", tactics: &["impact"] },
    Technique { id: "T1496", name: "Resource Hijacking", tactics: &["impact"] },
    Technique { id: "T1499", name: "Endpoint Denial of Service", tactics: &["impact"] },
    Technique { id: "T1528", name: "Steal Application Access Token", tactics: &["credential-access"] },
    Technique {
        id: "T1543",
        name: "Create or Modify System Process",
        tactics: &["persistence", "privilege-escalation"],
    },
    Technique {
        id: "T1543.002",
        name: "Create or Modify System Process: Systemd Service",
        tactics: &["persistence", "privilege-escalation"],
    },
    Technique {
        id: "T1550.001",
        name: "Use Alternate Authentication Material: Application Access Token",
        tactics: &["lateral-movement"],
    },
    Technique {
        id: "T1552.001",
        name: "Unsecured Credentials: Credentials In Files",
        tactics: &["credential-access"],
    },
    Technique {
        id: "T1552.004",
        name: "Unsecured Credentials: Private Keys",
        tactics: &["credential-access"],
    },
    Technique {
        id: "T1552.005",
        name: "Unsecured Credentials: Cloud Instance Metadata API",
        tactics: &["credential-access"],
    },
    Technique {
        id: "T1552.007",
        name: "Unsecured Credentials: Container API",
        tactics: &["credential-access"],
    },
    Technique { id: "T1557", name: "Adversary-in-the-Middle", tactics: &["collection", "credential-access"] },
    Technique { id: "T1561", name: "Disk Wipe", tactics: &["impact"] },
    Technique { id: "T1564", name: "Hide Artifacts", tactics: &["stealth"] },
    Technique {
        id: "T1567.002",
        name: "Exfiltration Over Web Service: Exfiltration to Cloud Storage",
        tactics: &["exfiltration"],
    },
    Technique { id: "T1571", name: "Non-Standard Port", tactics: &["command-and-control"] },
    Technique { id: "T1572", name: "Protocol Tunneling", tactics: &["command-and-control"] },
    Technique {
        id: "T1574.006",
        name: "Hijack Execution Flow: Dynamic Linker Hijacking",
        tactics: &["execution", "stealth"],
    },
    Technique { id: "T1588.002", name: "Obtain Capabilities: Tool", tactics: &["resource-development"] },
    Technique { id: "T1609", name: "Container Administration Command", tactics: &["execution"] },
    Technique { id: "T1610", name: "Deploy Container", tactics: &["execution"] },
    Technique { id: "T1611", name: "Escape to Host", tactics: &["privilege-escalation"] },
    Technique { id: "T1613", name: "Container and Resource Discovery", tactics: &["discovery"] },
    Technique { id: "T1685", name: "Disable or Modify Tools", tactics: &["defense-impairment"] },
];

impl Technique {
    /// Its page at MITRE.
    pub fn url(&self) -> String {
        format!("https://attack.mitre.org/techniques/{}/", self.id.replace('.', "/"))
    }

    /// The id of the technique that a sub-technique belongs to.
    pub fn parent(&self) -> Option<&'static str> {
        self.id.split_once('.').map(|(parent, _)| parent)
    }
}

/// The technique with this id.
pub fn technique(id: &str) -> Option<&'static Technique> {
    TECHNIQUES.iter().find(|technique| technique.id == id)
}

/// The name of the tactic with this short name; the short name itself if it is none of [`TACTICS`].
pub fn tactic(short: &'static str) -> &'static str {
    TACTICS.iter().find(|(known, _)| *known == short).map_or(short, |(_, name)| name)
}
