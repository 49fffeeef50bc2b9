use super::*;

fn mode(url: &str) -> MySqlSslMode {
    options(url).unwrap().get_ssl_mode()
}

fn refusal(url: &str) -> String {
    match options(url) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("{url} was taken"),
    }
}

#[test]
fn a_network_is_crossed_by_verified_tls_alone() {
    for host in ["records.internal", "10.1.2.3", "[2001:db8::1]:3307"] {
        let url = format!("mysql://reader@{host}/agency");
        assert!(matches!(mode(&url), MySqlSslMode::VerifyIdentity), "{host}");
        let own = format!("{url}?ssl-mode=VERIFY_CA&ssl-ca=/etc/ca.pem");
        assert!(matches!(mode(&own), MySqlSslMode::VerifyCa), "{host}");
        for weak in ["DISABLED", "PREFERRED", "REQUIRED"] {
            let refused = refusal(&format!("{url}?ssl-mode={weak}"));
            assert!(
                refused.contains("ssl-mode must be VERIFY_IDENTITY"),
                "{weak}: {refused}"
            );
        }
    }
    for near in [
        "mysql://reader@localhost/agency",
        "mariadb://reader@127.0.0.1:3307/agency",
        "mysql://reader@[::1]/agency",
        "mysql://reader@records.internal/agency?socket=/run/mysqld/mysqld.sock",
    ] {
        assert!(matches!(mode(near), MySqlSslMode::Preferred), "{near}");
    }
}

#[test]
fn the_address_is_as_the_url_has_it() {
    let of = |url| address(&options(url).unwrap());
    assert_eq!(of("mysql://reader@[::1]:3307/agency"), "::1:3307");
    assert_eq!(
        of("mariadb://reader@records.internal/agency"),
        "records.internal:3306"
    );
    assert_eq!(
        of("mysql://reader@localhost/agency?socket=/run/mysqld/mysqld.sock"),
        "/run/mysqld/mysqld.sock"
    );
}

#[test]
fn a_url_that_leaves_something_open_is_refused() {
    for (url, says) in [
        ("mysql://localhost/agency", "names no user"),
        ("mysql://reader@localhost", "names no database"),
        ("mysql://reader@localhost/", "names no database"),
        (
            "mysql://reader@localhost/agency?sslMode=DISABLED",
            "unknown parameter \"sslMode\"",
        ),
        ("mysql://reader@localhost/agency?ssl-mode=maybe", "source_url: "),
        (
            "mysql://reader@localhost/agency?ssl-key=/etc/key.pem",
            "ssl-cert and ssl-key go together",
        ),
        (
            "mysql://reader:secret@localhost/agency?password-file=/etc/password",
            "not both",
        ),
        (
            "mysql://reader@localhost/agency?password-file=/nowhere/password",
            "/nowhere/password",
        ),
        ("mysql://reader@localhost:port/agency", "source_url: "),
    ] {
        let refused = refusal(url);
        assert!(refused.contains(says), "{url}: {refused}");
        assert!(!refused.contains("secret"), "{url}: {refused}");
    }
}

#[test]
fn a_password_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "secret\n").unwrap();
    let url = format!("mysql://reader@localhost/agency?password-file={}", file.display());
    let set = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    set(0o644);
    assert!(refusal(&url).contains("chmod 600"), "{}", refusal(&url));
    set(0o600);
    assert!(options(&url).is_ok());
}
