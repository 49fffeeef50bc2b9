//! The databases that every storage test runs on: SQLite in a folder, and a PostgreSQL server
//! started for the test when its programs are on this machine.

#![expect(clippy::print_stdout, reason = "a test says what it could not run")]

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// A PostgreSQL server in a folder of its own, reached by a socket in it.
pub struct Postgres {
    folder: TempDir,
    programs: PathBuf,
    as_user: Option<&'static str>,
}

impl Postgres {
    /// Starts a server, or says exactly what is missing.
    pub fn start() -> Result<Self, String> {
        let programs = ["initdb", "pg_ctl", "postgres", "psql"];
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut folders: Vec<_> = std::env::split_paths(&path).collect();
        if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
            folders.extend(versions.flatten().map(|version| version.path().join("bin")));
        }
        let complete = |folder: &&PathBuf| programs.iter().all(|program| folder.join(program).is_file());
        let programs = folders
            .iter()
            .find(complete)
            .ok_or(format!(
                "no folder of PATH or /usr/lib/postgresql/*/bin holds all of {programs:?}"
            ))?
            .clone();
        // PostgreSQL refuses to run as root; Debian's package brings the user.
        let is_root =
            std::fs::metadata("/proc/self").is_ok_and(|it| std::os::unix::fs::MetadataExt::uid(&it) == 0);
        let as_user = is_root.then_some("postgres");
        let folder = tempfile::Builder::new()
            .permissions(std::fs::Permissions::from_mode(0o777))
            .tempdir()
            .map_err(|error| error.to_string())?;
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777))
            .map_err(|error| error.to_string())?;
        let server = Self {
            folder,
            programs,
            as_user,
        };
        let data = server.path("data");
        server.run(
            "initdb",
            &[
                "-D",
                &data,
                "-U",
                "index",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-sync",
            ],
        )?;
        server.serve()?;
        Ok(server)
    }

    fn serve(&self) -> Result<(), String> {
        let options = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}'",
            self.folder.path().display()
        );
        self.run(
            "pg_ctl",
            &[
                "-D",
                &self.path("data"),
                "-w",
                "-l",
                &self.path("log"),
                "-o",
                &options,
                "start",
            ],
        )
    }

    /// Stops the server at once, as a crash does.
    #[allow(dead_code, reason = "for tests in which it goes, which are not the index's")]
    pub fn stop(&self) {
        self.end().expect("it stops");
    }

    /// Starts it again.
    #[allow(dead_code, reason = "for tests in which it goes, which are not the index's")]
    pub fn go_on(&self) {
        self.serve().expect("it starts");
    }

    fn end(&self) -> Result<(), String> {
        let data = self.path("data");
        self.run("pg_ctl", &["-D", &data, "-m", "immediate", "-w", "stop"])
    }

    /// Makes an empty database and gives its URL.
    pub fn database(&self, name: &str) -> String {
        let folder = self.path("");
        let create = format!("CREATE DATABASE {name}");
        let folder_arg = folder.trim_end_matches('/');
        self.run(
            "psql",
            &["-h", folder_arg, "-U", "index", "-d", "postgres", "-c", &create],
        )
        .expect("a database");
        format!(
            "postgres://index@localhost/{name}?host={}",
            folder_arg.replace('/', "%2F")
        )
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<(), String> {
        let path = self.programs.join(program);
        let mut command = match self.as_user {
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--"]).arg(path);
                command
            }
            None => Command::new(path),
        };
        // The server inherits what pg_ctl has; without this the test would wait for its output.
        let log = std::fs::File::create(self.path("output")).map_err(|error| error.to_string())?;
        let errors = log.try_clone().map_err(|error| error.to_string())?;
        let status = command
            .args(arguments)
            .current_dir("/")
            .stdout(log)
            .stderr(errors)
            .status()
            .map_err(|error| format!("{program} cannot be run: {error}"))?;
        if status.success() {
            return Ok(());
        }
        let output = std::fs::read_to_string(self.path("output")).unwrap_or_default();
        Err(format!("{program} failed: {output}"))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            println!("the test's PostgreSQL did not stop: {error}");
        }
    }
}

/// URL of an SQLite database in `folder`.
pub fn sqlite(folder: &Path) -> String {
    format!("sqlite:{}", folder.join("index.db").display())
}
