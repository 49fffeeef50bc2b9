//! The files of `ops/` for containers, Kubernetes and systemd: what they give to the binary is what the binary takes. Nothing
//! here needs a container runtime or a cluster.

use crate::{
    commands::text,
    processes::{Process, ports, refused},
};
use serde::Deserialize;
use serde_yaml_ng::Value;
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

fn ops(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../ops").join(file)
}

fn read(file: &str) -> String {
    fs::read_to_string(ops(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The binary understands these words: it fails because a file is missing, not because it is asked for what it does not have.
fn understood(words: &[String]) {
    let said = refused(words);
    assert!(said.contains("cannot read"), "{words:?}: {said}");
}

fn words(value: &Value) -> Vec<String> {
    let list = value.as_sequence().unwrap_or_else(|| panic!("a list: {value:?}"));
    list.iter()
        .map(|word| word.as_str().expect("text").to_owned())
        .collect()
}

fn documents() -> Vec<Value> {
    serde_yaml_ng::Deserializer::from_str(&read("helm/example.yaml"))
        .map(|document| Value::deserialize(document).expect("YAML"))
        .filter(|document| !document.is_null())
        .collect()
}

fn kind(document: &Value) -> &str {
    document["kind"].as_str().expect("a kind")
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("reads").path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

#[test]
fn what_is_checked_of_the_chart_is_made_from_the_chart() {
    let mut files = files_below(&ops("helm/zhengtong"));
    files.sort();
    files.push(ops("helm/example-values.yaml"));
    let mut sum = Sha256::new();
    for file in files {
        sum.update(fs::read(file).expect("reads"));
    }
    let sum = hex::encode(sum.finalize());
    let first = read("helm/example.yaml")
        .lines()
        .next()
        .expect("a line")
        .to_owned();
    assert!(
        first.contains(&sum),
        "run ops/helm/render.sh, and read what it changes"
    );
}

#[test]
fn every_pod_of_the_chart_is_confined_bounded_and_asked_how_it_is() {
    let documents = documents();
    let mut labelled = Vec::new();
    let mut ports_of_pods = BTreeSet::new();
    for document in documents
        .iter()
        .filter(|one| ["StatefulSet", "Deployment"].contains(&kind(one)))
    {
        let name = document["metadata"]["name"].as_str().expect("a name");
        assert_eq!(document["spec"]["replicas"].as_u64(), Some(1), "{name}");
        let template = &document["spec"]["template"];
        labelled.push(template["metadata"]["labels"].clone());
        let pod = &template["spec"];
        assert_eq!(
            pod["securityContext"]["runAsNonRoot"].as_bool(),
            Some(true),
            "{name}"
        );
        assert_eq!(
            pod["automountServiceAccountToken"].as_bool(),
            Some(false),
            "{name}"
        );
        let claims = document["spec"]["volumeClaimTemplates"].as_sequence();
        let volumes: BTreeSet<&str> = pod["volumes"]
            .as_sequence()
            .expect("volumes")
            .iter()
            .map(|volume| &volume["name"])
            .chain(
                claims
                    .into_iter()
                    .flatten()
                    .map(|claim| &claim["metadata"]["name"]),
            )
            .filter_map(Value::as_str)
            .collect();
        assert!(!read("helm/example.yaml").contains("hostPath"));
        let lists = [&pod["initContainers"], &pod["containers"]];
        for container in lists
            .iter()
            .flat_map(|list| list.as_sequence().expect("containers"))
        {
            let context = &container["securityContext"];
            assert_eq!(context["readOnlyRootFilesystem"].as_bool(), Some(true), "{name}");
            assert_eq!(
                context["allowPrivilegeEscalation"].as_bool(),
                Some(false),
                "{name}"
            );
            assert_eq!(context["capabilities"]["drop"][0].as_str(), Some("ALL"), "{name}");
            for mount in container["volumeMounts"].as_sequence().expect("mounts") {
                let volume = mount["name"].as_str().expect("a name");
                assert!(volumes.contains(volume), "{name} mounts {volume}");
            }
        }
        for container in pod["containers"].as_sequence().expect("containers") {
            let named: BTreeSet<&str> = container["ports"]
                .as_sequence()
                .expect("ports")
                .iter()
                .filter_map(|port| port["name"].as_str())
                .collect();
            for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
                let port = container[probe]["httpGet"]["port"].as_str();
                assert!(port.is_some_and(|port| named.contains(port)), "{name} {probe}");
            }
            assert!(!container["resources"]["limits"]["memory"].is_null(), "{name}");
            assert!(!container["resources"]["requests"]["cpu"].is_null(), "{name}");
            understood(&words(&container["args"]));
            ports_of_pods.extend(named.into_iter().map(str::to_owned));
        }
    }
    assert_eq!(labelled.len(), 4, "a validator, a follower, an index, a gateway");
    let has = |labels: &Value, selector: &Value| {
        let wanted = selector.as_mapping().expect("labels");
        wanted.iter().all(|(name, value)| labels.get(name) == Some(value))
    };
    for document in &documents {
        let selector = match kind(document) {
            "Service" => &document["spec"]["selector"],
            "PodDisruptionBudget" => &document["spec"]["selector"]["matchLabels"],
            "StatefulSet" | "Deployment" => &document["spec"]["selector"]["matchLabels"],
            _ => continue,
        };
        let chosen = labelled.iter().filter(|labels| has(labels, selector)).count();
        assert_eq!(chosen, 1, "{} {:?}", kind(document), document["metadata"]["name"]);
        for port in document["spec"]["ports"].as_sequence().into_iter().flatten() {
            let target = port["targetPort"].as_str().expect("by name");
            assert!(ports_of_pods.contains(target), "{target}");
        }
    }
    for wanted in ["NetworkPolicy", "PodDisruptionBudget"] {
        assert!(documents.iter().any(|document| kind(document) == wanted));
    }
}

/// A gateway's file, as `zhengtong gateway` reads it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GatewayFile {
    #[allow(dead_code, reason = "that it can be read is the point")]
    listen: SocketAddr,
    gateway: zhengtong_gateway::Config,
}

fn key() -> String {
    zhengtong_types::mocks::Committee::new(1, 1).key().to_string()
}

fn is_a_gateways(file: &str) {
    let file = file
        .replace("NETWORK_KEY", &key())
        .replace("\"DATABASE\"", "\"postgres://gateway@records/books\"")
        .replace("\"SOURCE\"", "\"mysql://reader@records/agency\"");
    let file: GatewayFile = toml::from_str(&file).expect("a gateway's");
    file.gateway.check().expect("good");
}

/// It gets as far as the portal's folder, which no machine of a test has.
fn is_an_indexs(file: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("index.toml");
    let portal = folder.path().join("no portal");
    let file = file
        .replace("NETWORK_KEY", &key())
        .replace("0.0.0.0:8080", "127.0.0.1:0")
        .replace("DATABASE", "postgres://nowhere/x")
        .replace("/usr/share/zhengtong/portal", text(&portal));
    fs::write(&path, file).expect("writes");
    let said = refused(&["index", "--config", text(&path)]);
    assert!(said.contains("there is no portal"), "{said}");
}

#[test]
fn the_configurations_of_the_chart_are_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut seen = BTreeMap::new();
    for document in documents().iter().filter(|one| kind(one) == "ConfigMap") {
        for (name, file) in document["data"].as_mapping().expect("files") {
            let (name, file) = (name.as_str().expect("text"), file.as_str().expect("text"));
            *seen.entry(name.to_owned()).or_insert(0) += 1;
            match name {
                "node.toml" => {
                    let path = folder.path().join(name);
                    fs::write(&path, file).expect("writes");
                    let config = zhengtong_node::NodeConfig::read(&path);
                    // The key of the example is of nobody, and a key of the right length all the same.
                    let config = config.unwrap_or_else(|error| panic!("{error}"));
                    assert!(config.rpc.is_some() && config.monitor.is_some() && config.listen.is_some());
                }
                "gateway.toml" => is_a_gateways(file),
                "index.toml" => is_an_indexs(file),
                other => panic!("{other}"),
            }
        }
    }
    let expected = [("gateway.toml", 1), ("index.toml", 1), ("node.toml", 2)];
    assert_eq!(
        seen,
        expected.map(|(name, count)| (name.to_owned(), count)).into()
    );
}

#[test]
fn the_image_and_the_units_start_what_there_is() {
    let image = read("container/Containerfile");
    let list = |start: &str| {
        let line = image
            .lines()
            .find_map(|line| line.strip_prefix(start))
            .expect("a line");
        words(&serde_yaml_ng::from_str(line).expect("a list"))
    };
    assert_eq!(list("ENTRYPOINT "), ["/usr/local/bin/zhengtong"]);
    understood(&list("CMD "));
    assert!(image.contains("\nUSER 10001:10001\n") && image.contains("\nHEALTHCHECK "));
    for unit in ["node", "gateway", "index"] {
        let file = read(&format!("systemd/zhengtong-{unit}.service"));
        let line = file
            .lines()
            .find_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/zhengtong "));
        let words: Vec<String> = line.expect("a command").split(' ').map(str::to_owned).collect();
        assert_eq!(words[0], unit);
        understood(&words);
    }
}

/// The first of twelve ports that no other test is given, a multiple of ten.
fn dozen() -> u16 {
    loop {
        let given: BTreeSet<u16> = ports(21).iter().map(SocketAddr::port).collect();
        let is_first =
            |first: u16| first.is_multiple_of(10) && (first..first + 12).all(|port| given.contains(&port));
        if let Some(first) = given.iter().copied().find(|first| is_first(*first)) {
            return first;
        }
    }
}

async fn healthy(url: &str) {
    for _ in 0..600 {
        if let Ok(answer) = reqwest::get(url).await
            && answer.status().is_success()
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("{url} is not well");
}

/// The compose file's own commands, in this machine's network and folders instead of containers'.
#[tokio::test(flavor = "multi_thread")]
async fn the_network_of_the_compose_file_starts_and_its_checks_pass() {
    let root = tempfile::tempdir().expect("a folder");
    let monitors = dozen();
    let (peers, rpc) = (monitors + 4, monitors + 8);
    let index = ports(1)[0];
    let here = |words: &str| {
        words
            .replace("960", &(monitors / 10).to_string())
            .replace("$$", "$")
            .replace("127.0.0.1:8080", &index.to_string())
            .replace("-n 4 ", &format!("-n 4 --first-port {peers} --first-rpc {rpc} "))
            .replace("/usr/share/zhengtong/compose", text(&ops("compose")))
            .replace("/var/lib/zhengtong", text(root.path()))
            .replace(
                "zhengtong network",
                &format!("{} network", env!("CARGO_BIN_EXE_zhengtong")),
            )
    };
    let mut compose: Value = serde_yaml_ng::from_str(&read("compose.yaml")).expect("YAML");
    // What is merged in may itself merge something in.
    for _ in 0..2 {
        compose.apply_merge().expect("merges");
    }
    // podman-compose passes over them without a word, and setup finds no templates.
    assert!(compose.get("configs").is_none());
    let services = compose["services"].as_mapping().expect("services");
    for (name, service) in services {
        let own = service["image"].as_str() == Some("zhengtong");
        assert!(own || name.as_str() == Some("postgres"));
        if own {
            assert_eq!(service["read_only"].as_bool(), Some(true), "{name:?}");
            assert_eq!(service["user"].as_str(), Some("10001:10001"), "{name:?}");
        }
    }
    let setup = &services["setup"];
    for _ in 0..2 {
        let made = Command::new("/bin/sh")
            .arg(words(&setup["entrypoint"])[1].clone())
            .arg(here(&words(&setup["command"])[0]))
            .status()
            .expect("a shell");
        assert!(made.success(), "at the first start and later");
    }
    let mut running = Vec::new();
    for number in 0..4 {
        let service = &services[format!("validator-{number}").as_str()];
        let command: Vec<String> = words(&service["command"]).iter().map(|word| here(word)).collect();
        running.push((
            Process::start(&command),
            here(&words(&service["healthcheck"]["test"])[3]),
        ));
    }
    for (process, check) in &mut running {
        process.wait_for("ready");
        healthy(check).await;
    }
    let gateway = fs::read_to_string(root.path().join("gateway/gateway.toml")).expect("written");
    assert!(!gateway.contains("NETWORK_KEY"));
    is_a_gateways(&gateway);
    is_an_indexs(&read("compose/index.toml"));
    // The portal is built elsewhere; the rest of the index runs.
    let file = root.path().join("index/index.toml");
    let config = fs::read_to_string(&file).expect("written");
    let config = config
        .replace("portal = \"/usr/share/zhengtong/portal\"\n", "")
        .replace("0.0.0.0:8080", &index.to_string());
    let config = (0..4).fold(config, |config, number| {
        config.replace(&format!(":{}", 8_545 + number), &format!(":{}", rpc + number))
    });
    fs::write(&file, config).expect("writes");
    let service = &services["index"];
    let command: Vec<String> = words(&service["command"]).iter().map(|word| here(word)).collect();
    let mut process = Process::start(&command);
    process.wait_for("ready");
    healthy(&here(&words(&service["healthcheck"]["test"])[3])).await;
    process.terminate();
    for (process, _) in running {
        process.terminate();
    }
}
