//! The script in an encoding, with what undoes it.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::spell::quote;
use super::{Change, Context, REWRITE, Rewrite, Script};

pub(super) static REWRITES: &[Rewrite] = &[
    Rewrite {
        name: "base64-pipe",
        what: "echo … | base64 -d | sh",
        needs: &["base64"],
        change: Change::Script(|script, context| {
            let decoder =
                context.dice.of(&["base64 -d", "base64 --decode", "base64 -di", "/usr/bin/base64 -d"]);
            let printer = context.dice.of(&["echo", "printf %s", "printf '%s\\n'", "echo -n"]);
            let encoded = base64(&script.text);
            script.text = format!("{printer} {encoded} | {decoder} | {}", reader(script, context));
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "base64-eval",
        what: "eval \"$(echo … | base64 -d)\"",
        needs: &["base64"],
        change: Change::Script(|script, context| {
            let encoded = base64(&script.text);
            let quoted = context.dice.of(&["", "'", "\""]);
            script.text = format!("eval \"$(echo {quoted}{encoded}{quoted} | base64 -d)\"");
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "base64-argument",
        what: "sh -c \"$(echo … | base64 -d)\"",
        needs: &["base64"],
        change: Change::Script(|script, _| {
            let encoded = base64(&script.text);
            script.text = format!("{} -c \"$(echo {encoded} | base64 -d)\"", script.shell);
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "base64-variable",
        what: "v=…; echo $v | base64 -d | sh",
        needs: &["base64"],
        change: Change::Script(|script, context| {
            let name = context.variable();
            let encoded = base64(&script.text);
            script.text = if context.dice.coin() {
                format!("{name}={encoded}\necho ${name} | base64 -d | {}", script.shell)
            } else {
                format!("{name}=$(echo {encoded} | base64 -d)\neval \"${name}\"")
            };
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "base64-env",
        what: "the encoded script in the container's env",
        needs: &["base64"],
        change: Change::Script(|script, context| {
            let name = context.variable().to_uppercase();
            script.env.push((name.clone(), base64(&script.text)));
            script.text = format!("echo \"${name}\" | base64 -d | {}", script.shell);
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "base64-file",
        what: "decoded to a file, which is run",
        needs: &["base64"],
        change: Change::Script(|script, context| {
            let (file, encoded, shell) = (context.file(), base64(&script.text), script.shell.clone());
            script.text = match context.dice.below(3) {
                0 => format!("echo {encoded} | base64 -d > {file}\n{shell} {file}"),
                1 => format!("echo {encoded} | base64 -d > {file}; chmod +x {file}; {shell} {file}"),
                _ => format!("base64 -d > {file} <<E && {shell} {file}\n{encoded}\nE\n"),
            };
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "base64-here",
        what: "base64 -d <<E | sh, base64 -d <<< … | bash",
        needs: &["base64", "bash"],
        change: Change::Script(|script, context| {
            let (encoded, shell) = (base64(&script.text), script.shell.clone());
            if context.dice.coin() {
                let lines: Vec<&str> =
                    encoded.as_bytes().chunks(60).map(|l| std::str::from_utf8(l).unwrap()).collect();
                script.text = format!("base64 -d <<'E' | {shell}\n{}\nE\n", lines.join("\n"));
            } else {
                script.text = format!("base64 -d <<< {encoded} | {shell}");
                script.for_bash();
            }
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "base64-substituted",
        what: "bash <(echo … | base64 -d)",
        needs: &["base64", "bash"],
        change: Change::Script(|script, context| {
            let encoded = base64(&script.text);
            let runs = context.dice.of(&["bash", "source", "."]);
            script.text = format!("{runs} <(echo {encoded} | base64 -d)");
            script.for_bash();
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "openssl",
        what: "echo … | openssl base64 -d -A | sh",
        needs: &["openssl"],
        change: Change::Script(|script, context| {
            let encoded = base64(&script.text);
            let decoder = context.dice.of(&[
                "openssl base64 -d -A",
                "openssl enc -base64 -d -A",
                "openssl enc -d -a -A",
            ]);
            script.text = format!("echo {encoded} | {decoder} | {}", script.shell);
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "base32",
        what: "echo … | base32 -d | sh",
        needs: &["base32"],
        change: Change::Script(|script, _| {
            script.text = format!("echo {} | base32 -d | {}", base32(script.text.as_bytes()), script.shell);
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "hex-xxd",
        what: "echo … | xxd -r -p | sh",
        needs: &["xxd"],
        change: Change::Script(|script, context| {
            let decoder = context.dice.of(&["xxd -r -p", "xxd -r -ps", "xxd -p -r"]);
            let hex: String = script.text.bytes().map(|byte| format!("{byte:02x}")).collect();
            script.text = format!("echo {hex} | {decoder} | {}", script.shell);
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "printf-octal",
        what: "printf '\\143\\165…' | sh",
        change: Change::Script(|script, context| {
            let octal: String = script.text.bytes().map(|byte| format!("\\{byte:03o}")).collect();
            script.text = match context.dice.below(3) {
                0 => format!("printf '{octal}' | {}", script.shell),
                1 => format!("eval \"$(printf '{octal}')\""),
                _ => format!("printf %b '{octal}' | {}", script.shell),
            };
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "printf-hex",
        what: "printf '\\x63\\x75…' | bash, echo -e",
        needs: &["bash"],
        change: Change::Script(|script, context| {
            let hex: String = script.text.bytes().map(|byte| format!("\\x{byte:02x}")).collect();
            let printer = context.dice.of(&["printf", "echo -e", "echo -ne"]);
            script.text = format!("{printer} '{hex}' | {}", script.shell);
            script.for_bash();
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "ansi-c-eval",
        what: "eval $'\\x63\\x75…'",
        needs: &["bash"],
        change: Change::Script(|script, _| {
            let hex: String = script.text.bytes().map(|byte| format!("\\x{byte:02x}")).collect();
            script.text = format!("eval $'{hex}'");
            script.for_bash();
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "gzip-base64",
        what: "echo … | base64 -d | gunzip | sh",
        needs: &["base64", "gzip"],
        change: Change::Script(|script, context| {
            let packed = STANDARD.encode(gzip(script.text.as_bytes()));
            let unpack = context.dice.of(&["gunzip", "gzip -d", "zcat", "gzip -dc", "gunzip -c -"]);
            script.text = match context.dice.below(3) {
                0 => format!("eval \"$(echo {packed} | base64 -d | {unpack})\""),
                1 => format!("base64 -d <<'E' | {unpack} | {}\n{packed}\nE\n", script.shell),
                _ => format!("echo {packed} | base64 -d | {unpack} | {}", script.shell),
            };
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "rot13",
        what: "echo … | tr A-Za-z N-ZA-Mn-za-m | sh",
        change: Change::Script(|script, _| {
            let turned: String = script.text.chars().map(rot13).collect();
            script.text =
                format!("printf '%s\\n' {} | tr 'A-Za-z' 'N-ZA-Mn-za-m' | {}", quote(&turned), script.shell);
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "reversed",
        what: "echo … | rev | sh",
        needs: &["rev"],
        change: Change::Script(|script, _| {
            if script.text.trim_end().contains('\n') {
                return None;
            }
            let turned: String = script.text.trim_end().chars().rev().collect();
            script.text = format!("printf '%s\\n' {} | rev | {}", quote(&turned), script.shell);
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "sed-mended",
        what: "text with marks that sed takes out, | sh",
        change: Change::Script(|script, context| {
            if script.text.contains('%') {
                return None;
            }
            let marked: String = script
                .text
                .chars()
                .flat_map(|c| [Some(c), context.dice.coin().then_some('%')])
                .flatten()
                .collect();
            script.text = format!("printf '%s\\n' {} | sed 's/%//g' | {}", quote(&marked), script.shell);
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "tr-deleted",
        what: "text with marks that tr -d takes out, | sh",
        change: Change::Script(|script, context| {
            if script.text.contains('%') {
                return None;
            }
            let marked: String = script
                .text
                .chars()
                .flat_map(|c| [Some(c), context.dice.coin().then_some('%')])
                .flatten()
                .collect();
            script.text = format!("printf '%s\\n' {} | tr -d '%' | {}", quote(&marked), script.shell);
            Some(())
        }),
        ..REWRITE
    },
];

/// A shell that reads the script from its standard input.
fn reader(script: &Script, context: &mut Context) -> String {
    let shell = &script.shell;
    match context.dice.below(4) {
        0 => format!("{shell} -s"),
        1 => format!("{shell} -"),
        2 => format!("/bin/{shell}"),
        _ => shell.clone(),
    }
}

pub(super) fn base64(text: &str) -> String {
    STANDARD.encode(text)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// RFC 4648.
fn base32(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(5) {
        let mut block = [0_u8; 8];
        block[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(block);
        let letters = (chunk.len() * 8).div_ceil(5);
        for index in 0..8 {
            let value = usize::try_from((bits >> (35 - 5 * index)) & 31).unwrap();
            let letter = char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[value]);
            out.push(if index < letters { letter } else { '=' });
        }
    }
    out
}

fn rot13(letter: char) -> char {
    let turn = |base: u8| char::from((u8::try_from(letter).unwrap() - base + 13) % 26 + base);
    match letter {
        'a'..='z' => turn(b'a'),
        'A'..='Z' => turn(b'A'),
        _ => letter,
    }
}
