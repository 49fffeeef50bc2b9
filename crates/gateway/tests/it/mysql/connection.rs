//! What keeps a gateway from a database is said in words that say what to do.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use zhengtong_gateway::app::source::Source;

use super::server::MariaDb;
use super::{answer, asked, mapping, somebody};

const QUERY: &str = "SELECT 7 AS value WHERE :number <> ''";

async fn opened(url: &str) -> Result<Source, String> {
    let source = Source::open(Some(url), None, mapping(QUERY, 2000)).await;
    source.map_err(|error| error.to_string())
}

async fn refused(url: &str) -> String {
    opened(url).await.err().expect("it opened")
}

#[tokio::test]
async fn passwords_and_certificates_are_checked_and_named() {
    let Some(server) = MariaDb::start().await else {
        return;
    };
    server
        .execute(
            "CREATE DATABASE agency;\nCREATE USER reader@localhost IDENTIFIED BY 'a long secret';\n\
             GRANT SELECT ON agency.* TO reader@localhost;\n\
             CREATE USER veiled@localhost IDENTIFIED BY 'another' REQUIRE SSL;\n\
             GRANT SELECT ON agency.* TO veiled@localhost;\n",
        )
        .await;
    let port = server.port;
    let file = server.path("password");
    std::fs::write(&file, "a long secret\n").unwrap();
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let by_file = format!(
        "mysql://reader@localhost:{port}/agency?password-file={}",
        file.display()
    );
    let source = opened(&by_file).await.unwrap();
    assert_eq!(answer(&source, asked(), &somebody()).await, 7);

    let wrong = refused(&format!("mysql://reader:guessed@localhost:{port}/agency")).await;
    assert!(wrong.contains("(error 1045)"), "{wrong}");
    assert!(wrong.contains("check user, password and grants"), "{wrong}");
    assert!(!wrong.contains("guessed"), "{wrong}");
    let other = refused(&format!(
        "mysql://reader:a%20long%20secret@localhost:{port}/mysql"
    ))
    .await;
    assert!(other.contains("(error 1044)"), "{other}");

    let ca = server.path("ca.pem").display().to_string();
    let other_ca = server.path("other-ca.pem").display().to_string();
    let veiled = |rest: String| format!("mysql://veiled:another@{rest}");
    for good in [
        veiled(format!(
            "localhost:{port}/agency?ssl-mode=VERIFY_IDENTITY&ssl-ca={ca}"
        )),
        veiled(format!("127.0.0.1:{port}/agency?ssl-mode=VERIFY_CA&ssl-ca={ca}")),
        veiled(format!("localhost:{port}/agency")),
    ] {
        let source = opened(&good).await.unwrap();
        assert_eq!(answer(&source, asked(), &somebody()).await, 7, "{good}");
    }
    // Without TLS the server does not let them in: the others came by TLS.
    let plain = refused(&veiled(format!("localhost:{port}/agency?ssl-mode=DISABLED"))).await;
    assert!(plain.contains("(error 1045)"), "{plain}");
    for bad in [
        format!("localhost:{port}/agency?ssl-mode=VERIFY_IDENTITY&ssl-ca={other_ca}"),
        format!("localhost:{port}/agency?ssl-mode=VERIFY_IDENTITY"),
        format!("127.0.0.1:{port}/agency?ssl-mode=VERIFY_IDENTITY&ssl-ca={ca}"),
    ] {
        let refused = refused(&veiled(bad.clone())).await;
        assert!(refused.contains("cannot be spoken to by TLS"), "{bad}: {refused}");
        assert!(refused.contains("ssl-ca must name"), "{bad}: {refused}");
    }
    let remote = refused("mysql://reader@records.internal/agency?ssl-mode=DISABLED").await;
    assert!(
        remote.contains("records.internal is reached by a network"),
        "{remote}"
    );

    drop(server);
    let gone = refused(&format!("mysql://reader@localhost:{port}/agency")).await;
    assert!(gone.contains("cannot be reached"), "{gone}");
}

/// Sends a packet of the protocol: length, number, content.
fn send(stream: &mut TcpStream, number: u8, content: &[u8]) {
    let [a, b, c, _] = u32::try_from(content.len()).unwrap().to_le_bytes();
    stream
        .write_all(&[[a, b, c, number].as_slice(), content].concat())
        .unwrap();
}

fn receive(stream: &mut TcpStream) -> Vec<u8> {
    let mut head = [0; 4];
    stream.read_exact(&mut head).unwrap();
    let mut content = vec![0; u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize];
    stream.read_exact(&mut content).unwrap();
    content
}

/// A server as MySQL 8 is without TLS: it knows the password only by its full form, and gives its RSA key for it.
fn asks_for_rsa(listener: &TcpListener) -> Vec<u8> {
    // CLIENT_CONNECT_WITH_DB, CLIENT_PROTOCOL_41, CLIENT_SECURE_CONNECTION; CLIENT_PLUGIN_AUTH.
    const CAPABILITIES: [u16; 2] = [0x0008 | 0x0200 | 0x8000, 0x0008];
    let (mut stream, _) = listener.accept().unwrap();
    let hello = [
        b"\x0a8.4.6\0\x01\0\0\0".as_slice(),
        b"12345678\0",
        &CAPABILITIES[0].to_le_bytes(),
        b"\xff\x02\0",
        &CAPABILITIES[1].to_le_bytes(),
        &[21],
        &[0; 10],
        b"123456789012\0",
        b"caching_sha2_password\0",
    ]
    .concat();
    send(&mut stream, 0, &hello);
    receive(&mut stream);
    // "Authenticate in full": without TLS a client asks for the RSA key.
    send(&mut stream, 2, &[0x01, 0x04]);
    let asked = receive(&mut stream);
    send(&mut stream, 4, b"\x01-----BEGIN PUBLIC KEY-----");
    asked
}

#[tokio::test]
async fn a_server_that_wants_the_password_by_rsa_is_answered_by_what_to_do() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("mysql://reader:secret@{}/agency", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || asks_for_rsa(&listener));
    let refused = refused(&url).await;
    assert!(refused.contains("wants the password by RSA"), "{refused}");
    assert!(refused.contains("turn TLS on at the server"), "{refused}");
    assert_eq!(server.join().unwrap(), [0x02]);
}
