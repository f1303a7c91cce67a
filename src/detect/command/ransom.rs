//! Data held to ransom: encrypted, and the originals removed.

use super::words::{has, operands, option, short, words};
use super::{COMMAND, Facts, Rule, Run, Sample, Severity, Weight};
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::detect::code;
use crate::detect::findings::Collector;
use crate::normalize::Invocation;

pub(super) static RULES: &[Rule] = &[Rule {
    id: "cmd-data-encryption",
    title: "Encryption that removes the originals",
    message: "encrypts files and removes the originals",
    meaning: "File after file is replaced by an encrypted copy: whoever has no key has no data. It is what ransomware \
              does, with tools that every image has.",
    false_positives: "Encrypting dumps that the script chose by name, such as *.sql, which weighs 15.",
    confirm: &[
        Step::Object("Which files are walked over, where the key comes from, and whether a note is left."),
        Step::Fields("..persistentVolumeClaim", "The claims whose data it reaches."),
        Step::Logs("How far it came."),
    ],
    remedy: Remedy {
        exposes: &[Exposure::Data, Exposure::Secrets],
        attack: "Stop it at once and keep the pod's memory and environment if you can: the key may be in them. \
                 Disconnect snapshots and backups from the credentials of this cluster before you restore.",
        benign: "Encrypt on the way to the backup (tar | age | upload) or let the storage encrypt, instead of \
                 replacing files in place.",
    },
    severity: Severity::High,
    points: 45,
    techniques: &["T1486"],
    references: &[links::VOLUMES, links::JOB],
    check,
    samples: &[
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, 'find /data -type f | while read f; do openssl enc -aes-256-cbc -k x -in \"$f\" -out \"$f.locked\" && shred -u \"$f\"; done']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, 'for f in $(find /data -type f); do gpg --batch -c --passphrase x $f && rm -f $f; done']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, 'find /data -type f -exec sh -c ''gpg -c \"$1\"; rm \"$1\"'' _ {} \\;']}]",
        ),
        Sample::Hit(45, "containers: [{name: a, command: [7z, a, -pSECRET, -sdel, /data/x.7z, /data]}]"),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, 'zip -r -P SECRET /data/x.zip /data/*; rm -rf /data/*']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [python3, -c, \"import os; from cryptography.fernet import Fernet; [open(os.path.join(d,f)+'.x','wb').write(Fernet(k).encrypt(b)) or os.remove(f) for d,_,fs in os.walk('/data') for f in fs]\"]}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, 'cd /data && for d in *; do 7z a -pSECRET \"$d.7z\" \"$d\" && rm -rf \"$d\"; done']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, 'for f in /data/*; do openssl aes-256-cbc -k x -in $f -out $f.tmp && mv $f.tmp $f; done']}]",
        ),
        Sample::Hit(
            15,
            "containers: [{name: a, command: [sh, -c, 'for f in /backup/*.sql; do gpg -e -r ops $f && rm $f; done']}]",
        ),
        Sample::Miss(
            "containers: [{name: a, command: [sh, -c, 'pg_dump shop > /tmp/d.sql; gpg -e -r ops /tmp/d.sql; rm /tmp/d.sql']}]",
        ),
        Sample::Miss(
            "containers: [{name: a, command: [sh, -c, 'tar cz /data | openssl enc -aes-256-cbc -k x -out /backup/d.enc; find /backup -mtime +7 -delete']}]",
        ),
        Sample::Miss(
            "containers: [{name: a, command: [sh, -c, 'for f in /in/*.gpg; do gpg -d -o ${f%.gpg} $f && rm $f; done']}]",
        ),
        Sample::Miss(
            "containers: [{name: a, command: [sh, -c, 'for f in /logs/*; do gzip -c $f > $f.gz && rm $f; done']}]",
        ),
    ],
    ..COMMAND
}];

const FULL: Weight = (Severity::High, 45);
const CHOSEN: Weight = (Severity::Low, 15);

fn check(facts: &Facts<'_>, found: &mut Collector<'_>) {
    for run in &facts.runs {
        let hit = run.invocations().find_map(|(at, call)| Some((at, weigh(run, at, call)?)));
        if let Some((at, (severity, points))) = hit {
            found.hit_as(severity, points, Some(&run.container.name), run.path(), &run.show(at));
        }
    }
}

/// How many commands after the encryption the removal is looked for.
const NEAR: usize = 16;

fn weigh(run: &Run<'_>, at: usize, call: &Invocation) -> Option<Weight> {
    if let Some(code) = code::text(call) {
        return by_code(code).then_some(FULL);
    }
    if !encrypts(call) {
        return None;
    }
    // `7z -sdel` and `zip -m` remove what they packed; ccrypt and gocryptfs replace it.
    let by_itself = has(call, &["-sdel", "--move", "-df"])
        || call.program == "zip" && short(call, 'm')
        || matches!(call.program.as_str(), "ccrypt" | "ccencrypt");
    let walked: Vec<&str> = words(call).filter(|word| is_walked(word)).take(16).collect();
    // `$f.enc` beside `$f` is the copy.
    let is_copy =
        |word: &&str| walked.iter().any(|other| word.len() > other.len() && word.starts_with(other));
    let originals: Vec<&str> = walked.iter().copied().filter(|word| !is_copy(word)).collect();
    let removed = || {
        let after = run.invocations().skip(at + 1).take(NEAR);
        after.into_iter().any(|(_, remover)| removes(remover, &originals))
    };
    if !(by_itself && words(call).any(|word| is_walked(word) || word.starts_with('/')) || removed()) {
        return None;
    }
    Some(if chosen(run, at, &originals) && !leaves_note(run) { CHOSEN } else { FULL })
}

/// A tool that encrypts.
fn encrypts(call: &Invocation) -> bool {
    match call.program.as_str() {
        "openssl" => {
            has(call, &["enc", "smime", "cms", "pkeyutl", "rsautl"])
                && !has(call, &["-d", "-decrypt", "-verify"])
                || words(call).next().is_some_and(|word| word.starts_with("aes-")) && !has(call, &["-d"])
        }
        "gpg" | "gpg2" => {
            let decrypts = has(call, &["-d", "--decrypt", "--verify", "--import"]);
            !decrypts && (short(call, 'c') || short(call, 'e') || has(call, &["--symmetric", "--encrypt"]))
        }
        "age" | "rage" => !has(call, &["-d", "--decrypt"]),
        "7z" | "7za" | "7zr" | "rar" => {
            has(call, &["a", "m", "u"])
                && words(call).any(|word| word.starts_with("-p") || word.starts_with("-hp"))
        }
        "zip" => {
            has(call, &["-P", "-e", "--password", "--encrypt"])
                || words(call).any(|word| word.starts_with("-P"))
        }
        "ccrypt" => !short(call, 'd') && !has(call, &["--decrypt"]),
        "ccencrypt" | "mcrypt" | "aescrypt" | "scrypt" => !has(call, &["-d", "dec"]),
        _ => false,
    }
}

/// Whether a word stands for many files: a variable of a loop, the placeholder of `find` and `xargs`, a pattern.
fn is_walked(word: &str) -> bool {
    (word.contains(['$', '*']) || word == "{}" || word == "/data") && !word.starts_with('-')
}

fn removes(remover: &Invocation, originals: &[&str]) -> bool {
    let file = match remover.program.as_str() {
        "rm" | "shred" | "unlink" | "truncate" | "srm" | "wipe" => {
            return operands(remover).any(|word| originals.contains(&word));
        }
        "dd" => words(remover).find_map(|word| word.strip_prefix("of=")),
        "mv" => operands(remover).nth(1),
        _ => None,
    };
    file.is_some_and(|file| originals.contains(&file))
}

/// Whether the files were chosen by their ending or age, in a loop over a pattern or by `find`.
fn chosen(run: &Run<'_>, at: usize, originals: &[&str]) -> bool {
    let by_ending = |word: &str| word.contains("*.") && !word.ends_with("*.*");
    originals.iter().any(|word| by_ending(word))
        || run.invocations().take(at).any(|(_, before)| match before.program.as_str() {
            "for" | "ls" => words(before).any(by_ending),
            "find" => {
                // All but those of one ending, such as those that are done, are no choice.
                let all_but = has(before, &["!", "-not"]);
                !all_but && option(before, &["-name", "-iname"]).is_some_and(by_ending)
                    || has(before, &["-mtime", "-newer"])
            }
            _ => false,
        })
}

/// Whether a file is written that tells the owner what to do.
fn leaves_note(run: &Run<'_>) -> bool {
    run.files.iter().any(|file| {
        let name = file.path.rsplit('/').next().unwrap_or_default().to_ascii_uppercase();
        file.access == crate::detect::files::Access::Write
            && ["DECRYPT", "RECOVER", "RANSOM", "RESTORE", "HOW_TO", "WARNING"]
                .iter()
                .any(|part| name.contains(part))
    })
}

/// Code that walks over files, encrypts and removes or overwrites them.
fn by_code(code: &str) -> bool {
    code::any(code, &["os.walk", "rglob(", "glob(", "readdir", "Find.find", "Dir["])
        && code::any(
            code,
            &[
                "Fernet",
                "AES.new",
                ".encrypt(",
                "createCipheriv",
                "openssl_encrypt",
                "ChaCha20",
                "AESGCM",
                "encryptFile",
                "encrypt_file",
            ],
        )
        && code::any(code, &["os.remove", "unlink", "'wb'", "\"wb\"", "os.rename", "writeFileSync"])
        && !code.contains(".decrypt(")
}
