//! A MariaDB server of a test's own: in a folder of its own, on a socket and a port of this machine, with TLS.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _};
use sqlx_mysql::{MySqlConnectOptions, MySqlConnection};
use tempfile::TempDir;

/// How often a server that starts is asked whether it answers.
const MAX_TRIES: u32 = 300;
const PAUSE: Duration = Duration::from_millis(100);

pub struct MariaDb {
    folder: TempDir,
    server: Child,
    pub port: u16,
}

impl MariaDb {
    /// Starts a server; `None` where there is none, and where none can be expected.
    #[expect(clippy::print_stdout, reason = "a test says what it could not run")]
    pub async fn start() -> Option<Self> {
        let [install, server] = match programs() {
            Ok(programs) => programs,
            Err(missing) if Path::new("/usr/bin/apt-get").exists() => {
                panic!("run tools/setup.sh test: {missing}")
            }
            Err(missing) => {
                println!("not run on MariaDB: {missing}");
                return None;
            }
        };
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        certify(folder.path());
        // It runs as root only when told to.
        let is_root =
            std::fs::metadata("/proc/self").is_ok_and(|it| std::os::unix::fs::MetadataExt::uid(&it) == 0);
        let user = is_root.then_some("--user=root");
        let data = format!("--datadir={}", path("data"));
        // A server that starts deletes all temporary tables of its folder for them, whoever's they are.
        let temporary = path("temporary");
        std::fs::create_dir(&temporary).unwrap();
        run(Command::new(install)
            .args(["--no-defaults", "--skip-test-db", &data])
            .arg("--auth-root-authentication-method=normal")
            .args(user)
            .env("TMPDIR", &temporary));
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let log = std::fs::File::create(path("log")).unwrap();
        let child = Command::new(server)
            .args([
                "--no-defaults",
                &data,
                "--bind-address=127.0.0.1",
                "--innodb-buffer-pool-size=16M",
                &format!("--port={port}"),
                &format!("--socket={}", path("socket")),
                &format!("--ssl-cert={}", path("server.pem")),
                &format!("--ssl-key={}", path("server.key")),
            ])
            .args(user)
            .env("TMPDIR", &temporary)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut mariadb = Self {
            folder,
            server: child,
            port,
        };
        for _ in 0..MAX_TRIES {
            if mariadb.root().await.is_ok() {
                return Some(mariadb);
            }
            assert!(mariadb.server.try_wait().unwrap().is_none(), "{}", mariadb.log());
            tokio::time::sleep(PAUSE).await;
        }
        panic!("it does not answer: {}", mariadb.log());
    }

    /// A file in the server's folder: `socket`, `ca.pem`, `other-ca.pem`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// URL of a database by the socket, for a user without a password.
    pub fn url(&self, user: &str, database: &str) -> String {
        let socket = self.path("socket");
        format!(
            "mariadb://{user}@localhost/{database}?socket={}",
            socket.display()
        )
    }

    async fn root(&self) -> Result<MySqlConnection, sqlx::Error> {
        let options = MySqlConnectOptions::new().socket(self.path("socket"));
        MySqlConnection::connect_with(&options.username("root")).await
    }

    /// Carries out statements as the server's administrator, each ended by a semicolon and a line's end.
    pub async fn execute(&self, statements: &str) {
        let mut root = self.root().await.unwrap();
        for statement in statements.split(";\n").filter(|one| !one.trim().is_empty()) {
            sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
                .execute(&mut root)
                .await
                .unwrap_or_else(|error| panic!("{statement}: {error}"));
        }
    }

    /// A number that only the server knows.
    pub async fn number(&self, query: &'static str) -> i64 {
        let mut root = self.root().await.unwrap();
        sqlx::query_scalar(query).fetch_one(&mut root).await.unwrap()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        // Nothing of its folder is wanted any more.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// What makes a data folder, and what serves it.
fn programs() -> Result<[PathBuf; 2], String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<_> = std::env::split_paths(&path).collect();
    folders.extend(["/usr/sbin", "/usr/libexec", "/usr/local/sbin"].map(PathBuf::from));
    let find = |name: &str| {
        let mut places = folders.iter().map(|folder| folder.join(name));
        places
            .find(|place| place.is_file())
            .ok_or_else(|| format!("no folder of PATH or /usr/sbin holds {name}"))
    };
    find("openssl")?;
    Ok([find("mariadb-install-db")?, find("mariadbd")?])
}

/// Two authorities, one of which certifies this server under the name `localhost`.
fn certify(folder: &Path) {
    let openssl = |arguments: &[&str]| {
        let request = ["req", "-x509", "-nodes", "-days", "30", "-newkey", "ec"];
        run(Command::new("openssl")
            .args(request)
            .args(["-pkeyopt", "ec_paramgen_curve:prime256v1"])
            .args(arguments)
            .current_dir(folder));
    };
    for name in ["ca", "other-ca"] {
        let (key, certificate, subject) = (
            format!("{name}.key"),
            format!("{name}.pem"),
            format!("/CN=test {name}"),
        );
        openssl(&["-keyout", &key, "-out", &certificate, "-subj", &subject]);
    }
    openssl(&[
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-keyout",
        "server.key",
        "-out",
        "server.pem",
        "-subj",
        "/CN=test server",
        "-addext",
        "subjectAltName=DNS:localhost",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
    ]);
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
