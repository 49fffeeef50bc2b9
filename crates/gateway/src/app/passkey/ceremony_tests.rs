//! The specification's own test vectors, as they are and with every byte of them changed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vectors {
    rp_id: String,
    origin: String,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    registration: Registration,
    authentication: Authentication,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Registration {
    challenge: String,
    credential_id: String,
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    attestation_object: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Authentication {
    challenge: String,
    authenticator_data: String,
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    signature: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../../tests/fixtures/webauthn/vectors.json")).unwrap()
}

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

/// The authenticator data in an attestation object, whatever its format.
fn data_of(object: &[u8]) -> Vec<u8> {
    let mut decoder = Decoder::new(object);
    for _ in 0..decoder.map().unwrap().unwrap() {
        if decoder.str().unwrap() == "authData" {
            return decoder.bytes().unwrap().to_vec();
        }
        decoder.skip().unwrap();
    }
    panic!("no authenticator data")
}

/// The same with the user verified, as the vectors' authenticators mostly did not.
fn verified(data: &[u8]) -> Vec<u8> {
    let mut data = data.to_vec();
    data[32] |= USER_VERIFIED;
    data
}

#[test]
fn the_vectors_of_the_specification_are_read_and_their_signatures_hold() {
    let all = vectors();
    let origins = [all.origin.clone()];
    let site = Site {
        rp_id: &all.rp_id,
        origins: &origins,
    };
    assert_eq!(all.vectors.len(), 7);
    for vector in &all.vectors {
        let (name, made_by, used_by) = (&vector.name, &vector.registration, &vector.authentication);
        for (data, challenge, kind) in [
            (&made_by.client_data, &made_by.challenge, Kind::Create),
            (&used_by.client_data, &used_by.challenge, Kind::Get),
        ] {
            let client = ClientData::parse(&bytes(data)).unwrap();
            assert_eq!(
                client.challenge,
                URL_SAFE_NO_PAD.encode(bytes(challenge)),
                "{name}"
            );
            let framed = name.contains("Origin").then_some(CeremonyError::Origin);
            assert_eq!(client.check(kind, site).err(), framed, "{name}");
            let other = if kind == Kind::Get {
                Kind::Create
            } else {
                Kind::Get
            };
            assert_eq!(client.check(other, site), Err(CeremonyError::Kind), "{name}");
        }

        let object = bytes(&made_by.attestation_object);
        let data = data_of(&object);
        let is_verified = data[32] & USER_VERIFIED != 0;
        let attested = (!name.starts_with("none")).then_some(CeremonyError::Attestation);
        let unverified = (!is_verified).then_some(CeremonyError::Unverified);
        assert_eq!(made(site, &object).err(), attested.or(unverified), "{name}");
        let passkey = made_as(site, &verified(&data)).unwrap();
        assert_eq!(hex::encode(&passkey.id), made_by.credential_id, "{name}");
        let (algorithm, key) = passkey.key.parts();
        assert_eq!(algorithm, if name == "packed-eddsa" { -8 } else { -7 }, "{name}");
        assert_eq!(PublicKey::of(algorithm, &key).unwrap(), passkey.key, "{name}");

        let [client, data, signature] = [
            &used_by.client_data,
            &used_by.authenticator_data,
            &used_by.signature,
        ]
        .map(|text| bytes(text));
        let message = [&data[..], Sha256::digest(&client).as_slice()].concat();
        assert!(passkey.key.signed(&message, &signature), "{name}");
        let is_verified = data[32] & USER_VERIFIED != 0;
        let result = used(site, &passkey.key, &client, &data, &signature);
        match result {
            Ok(used) => assert!(is_verified && used.count == 0, "{name}"),
            Err(error) => assert_eq!((is_verified, error), (false, CeremonyError::Unverified), "{name}"),
        }
    }
}

#[test]
fn a_use_with_any_byte_changed_is_refused() {
    let all = vectors();
    let origins = [all.origin.clone()];
    let site = Site {
        rp_id: &all.rp_id,
        origins: &origins,
    };
    for vector in &all.vectors {
        let used_by = &vector.authentication;
        let data = bytes(&used_by.authenticator_data);
        if data[32] & USER_VERIFIED == 0 {
            continue;
        }
        let made_data = verified(&data_of(&bytes(&vector.registration.attestation_object)));
        let key = made_as(site, &made_data).unwrap().key;
        let parts = [bytes(&used_by.client_data), data, bytes(&used_by.signature)];
        assert!(used(site, &key, &parts[0], &parts[1], &parts[2]).is_ok());
        for part in 0..parts.len() {
            for place in 0..parts[part].len() {
                let mut changed = parts.clone();
                changed[part][place] ^= 1;
                let result = used(site, &key, &changed[0], &changed[1], &changed[2]);
                assert!(result.is_err(), "{} {part} {place}", vector.name);
            }
            let mut cut = parts.clone();
            cut[part].pop();
            assert!(used(site, &key, &cut[0], &cut[1], &cut[2]).is_err());
        }
    }
}

#[test]
fn whatever_is_cut_off_or_added_is_no_passkey() {
    let all = vectors();
    let origins = [all.origin.clone()];
    let site = Site {
        rp_id: &all.rp_id,
        origins: &origins,
    };
    for vector in &all.vectors {
        let object = bytes(&vector.registration.attestation_object);
        for length in 0..object.len() {
            assert!(made(site, &object[..length]).is_err(), "{} {length}", vector.name);
        }
        let data = verified(&data_of(&object));
        for length in 0..data.len() {
            assert!(
                made_as(site, &data[..length]).is_err(),
                "{} {length}",
                vector.name
            );
        }
        let longer = [&data[..], &[0]].concat();
        assert_eq!(made_as(site, &longer), Err(CeremonyError::AuthenticatorData));
        for place in 0..data.len() {
            let mut changed = data.clone();
            changed[place] = !changed[place];
            // It may be another passkey, but never a panic.
            let _ = made_as(site, &changed);
        }
        let other = Site {
            rp_id: "example.com",
            origins: &origins,
        };
        assert_eq!(made_as(other, &data), Err(CeremonyError::RpId));
        let mut impossible = data;
        impossible[32] = impossible[32] & !BACKUP_ELIGIBLE | BACKED_UP;
        assert_eq!(made_as(site, &impossible), Err(CeremonyError::AuthenticatorData));
    }
}
