//! Keys, certificates and tokens of one control plane. They live as long as its folder.

use std::fs;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa};
use rcgen::{KeyPair, KeyUsagePurpose};

/// The secrets that kubeconfigs are made from.
pub(crate) struct Pki {
    pub(crate) ca_pem: String,
    pub(crate) admin_token: String,
    pub(crate) controller_manager_token: String,
    pub(crate) hostile_token: String,
}

/// A user whose name tries everything that a name can: quotes and brackets, a second line that looks like an
/// annotation, a change of direction, a terminal command, zero bytes. Identity providers choose such names freely.
pub(crate) const HOSTILE_USER: &str =
    "ma\"l\\lory'}]\n\tjobrisk.io/created-by: admin \u{202e}\u{1b}[2J\u{7}\u{0}\u{1f600}";

/// Writes `ca.crt`, `serving.crt`, `serving.key`, `sa.key`, `sa.pub` and `tokens.csv` into `folder`.
pub(crate) fn write(folder: &Path) -> Result<Pki, String> {
    let (ca_pem, serving_pem, serving_key) = certificates().map_err(|error| error.to_string())?;
    let service_accounts = KeyPair::generate().map_err(|error| error.to_string())?;
    let pki = Pki { ca_pem, admin_token: token(), controller_manager_token: token(), hostile_token: token() };
    // token,user,uid,"group,group"
    let tokens = format!(
        "{},admin,admin,\"system:masters\"\n{},system:kube-controller-manager,controller-manager,\"\"\n\
         {},\"{}\",hostile,\"hostile\"\n",
        pki.admin_token,
        pki.controller_manager_token,
        pki.hostile_token,
        HOSTILE_USER.replace('"', "\"\"")
    );
    for (name, content) in [
        ("ca.crt", &pki.ca_pem),
        ("serving.crt", &serving_pem),
        ("serving.key", &serving_key),
        ("sa.key", &service_accounts.serialize_pem()),
        ("sa.pub", &service_accounts.public_key_pem()),
        ("tokens.csv", &tokens),
    ] {
        write_private(&folder.join(name), content)?;
    }
    Ok(pki)
}

/// The CA's certificate, the API server's certificate, and the API server's key.
fn certificates() -> Result<(String, String, String), rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "jobrisk test CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;

    let mut params = CertificateParams::new(["127.0.0.1".to_owned(), "localhost".to_owned()])?;
    params.distinguished_name.push(DnType::CommonName, "kube-apiserver");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    let serving = params.signed_by(&key, &ca)?;
    Ok((ca.pem(), serving.pem(), key.serialize_pem()))
}

/// Good enough for a server on loopback that lives for seconds.
fn token() -> String {
    let word = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", word(), word())
}

/// Writes a file that only its owner can read.
pub(crate) fn write_private(path: &Path, content: &str) -> Result<(), String> {
    fs::write(path, content)
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o600)))
        .map_err(|error| format!("{}: {error}", path.display()))
}
