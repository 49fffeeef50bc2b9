// A passkey of this device (WebAuthn): a P-256 key that signs only after the person has unlocked it, and, where the
// authenticator can (extension `prf`), a secret function that gives the key to the sealed wallet.
import { p256 } from "@noble/curves/nist.js";
import { type Hex, base64Url, bytesToHex, encodeAbiParameters, fromBase64Url, hexToBytes, plain } from "../bytes";
import { WalletError } from "../errors";
import { PASSKEY, type Proof, type Signer, signerId, word } from "./signers";

const ES256 = -7;
/** How long a person has for the prompt of their device. */
export const TIMEOUT_MS = 120_000;

export interface Passkey {
  /** base64url */
  readonly credentialId: string;
  readonly signer: Signer;
  /** How the authenticator is reached, as it said itself. */
  readonly transports?: readonly string[];
}

/** What the PRF of a passkey is asked. */
export interface Question {
  readonly credentialId: string;
  readonly transports?: readonly string[];
  readonly salt: Uint8Array<ArrayBuffer>;
}

/** The authenticators of a device, as the wallet's seal needs them. */
export interface Authenticator {
  available(): boolean;
  /** Makes a passkey; `canSeal`: its authenticator has a PRF. One that holds a passkey of `exclude` already makes none. */
  create(name: string, exclude: readonly string[]): Promise<{ passkey: Passkey; canSeal: boolean }>;
  /** Asks the PRF of whichever of these passkeys the person unlocks. Null: it has none. */
  evaluate(questions: readonly Question[]): Promise<{ credentialId: string; output: Uint8Array<ArrayBuffer> | null }>;
  /** Tells the authenticator that a passkey it has just made is of no use. */
  discard(passkey: Passkey): Promise<void>;
}

/** An address: a passkey is bound to a name, and a page that is reached by number has none. */
const ADDRESS = /^[\d.]+$|:/;

export function passkeysExist(): boolean {
  return typeof PublicKeyCredential === "function" && navigator.credentials !== undefined && !ADDRESS.test(location.hostname);
}

/** What the person answered to such a prompt, or that they did not. */
export async function asked(work: Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    const credential = await work;
    if (credential === null) throw new WalletError("passkey-refused", "no passkey was chosen");
    return credential as PublicKeyCredential;
  } catch (cause) {
    if (cause instanceof WalletError) throw cause;
    throw new WalletError("passkey-refused", cause instanceof Error ? cause.message : String(cause));
  }
}

/** r ‖ s with the lower s, which is the only form that the contract takes. */
export function lowS(r: bigint, s: bigint): { r: Hex; s: Hex } {
  const order = p256.Point.Fn.ORDER;
  const low = s > order / 2n ? order - s : s;
  const hex = (value: bigint): Hex => `0x${value.toString(16).padStart(64, "0")}`;
  return { r: hex(r), s: hex(low) };
}

/** Transports that a browser may say; anything else is not kept. */
const TRANSPORTS = ["usb", "nfc", "ble", "smart-card", "hybrid", "internal"];

function described({ credentialId, transports }: Pick<Passkey, "credentialId" | "transports">): PublicKeyCredentialDescriptor {
  const known = (transports ?? []) as AuthenticatorTransport[];
  return { type: "public-key", id: fromBase64Url(credentialId), ...(known.length > 0 ? { transports: known } : {}) };
}

/** Makes a passkey; the name is what the device shows when it asks. */
async function create(name: string, exclude: readonly string[] = []): Promise<{ passkey: Passkey; canSeal: boolean }> {
  const credential = await asked(
    navigator.credentials.create({
      publicKey: {
        rp: { name: "政通 Zhengtong" },
        user: { id: crypto.getRandomValues(new Uint8Array(16)), name, displayName: name },
        challenge: crypto.getRandomValues(new Uint8Array(32)),
        pubKeyCredParams: [{ type: "public-key", alg: ES256 }],
        excludeCredentials: exclude.map((credentialId) => described({ credentialId })),
        authenticatorSelection: { residentKey: "preferred", userVerification: "required" },
        extensions: { prf: {} },
        timeout: TIMEOUT_MS,
      },
    }),
  );
  const response = credential.response as AuthenticatorAttestationResponse;
  const spki = response.getPublicKey();
  if (spki === null) throw new WalletError("passkey-refused", "this device made a key of another kind");
  const key = await crypto.subtle.importKey("spki", spki, { name: "ECDSA", namedCurve: "P-256" }, true, ["verify"]);
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", key));
  const signer = { kind: PASSKEY, weight: 2, x: word(bytesToHex(point.slice(1, 33))), y: word(bytesToHex(point.slice(33))) };
  const transports = response.getTransports().filter((one) => TRANSPORTS.includes(one));
  const passkey = { credentialId: base64Url(new Uint8Array(credential.rawId)), signer, transports };
  return { passkey, canSeal: credential.getClientExtensionResults().prf?.enabled === true };
}

export async function createPasskey(name: string): Promise<Passkey> {
  return (await create(name)).passkey;
}

/** The person is always verified: without it an authenticator would answer by another secret. */
async function evaluate(questions: readonly Question[]): Promise<{ credentialId: string; output: Uint8Array<ArrayBuffer> | null }> {
  const credential = await asked(
    navigator.credentials.get({
      publicKey: {
        challenge: crypto.getRandomValues(new Uint8Array(32)),
        allowCredentials: questions.map(described),
        userVerification: "required",
        extensions: { prf: { evalByCredential: Object.fromEntries(questions.map(({ credentialId, salt }) => [credentialId, { first: salt }])) } },
        timeout: TIMEOUT_MS,
      },
    }),
  );
  const first = credential.getClientExtensionResults().prf?.results?.first;
  const output = first === undefined ? null : new Uint8Array(first instanceof ArrayBuffer ? first : plain(new Uint8Array(first.buffer, first.byteOffset, first.byteLength)));
  return { credentialId: base64Url(new Uint8Array(credential.rawId)), output };
}

/** Browsers without the signal leave an unused passkey in the person's list. */
async function discard({ credentialId }: Passkey): Promise<void> {
  const { signalUnknownCredential: signal } = PublicKeyCredential as { signalUnknownCredential?: (what: { rpId: string; credentialId: string }) => Promise<void> };
  await signal?.call(PublicKeyCredential, { rpId: location.hostname, credentialId }).catch(() => undefined);
}

/** The authenticators that this browser reaches. */
export const browserAuthenticator: Authenticator = { available: passkeysExist, create, evaluate, discard };

/** Signs a digest after the person has unlocked the passkey; encoded as the contract takes it. */
export async function signWithPasskey(passkey: Passkey, digest: Hex): Promise<Proof> {
  const credential = await asked(
    navigator.credentials.get({
      publicKey: {
        challenge: plain(hexToBytes(digest)),
        allowCredentials: [described(passkey)],
        userVerification: "required",
        timeout: TIMEOUT_MS,
      },
    }),
  );
  const { signature, authenticatorData, clientDataJSON } = credential.response as AuthenticatorAssertionResponse;
  return { signer: signerId(passkey.signer), signature: encodeAssertion(new Uint8Array(signature), new Uint8Array(authenticatorData), new TextDecoder().decode(clientDataJSON)) };
}

/** abi.encode(r, s, challengeIndex, typeIndex, authenticatorData, clientDataJSON) */
export function encodeAssertion(der: Uint8Array, authenticatorData: Uint8Array, clientData: string): Hex {
  const { r, s } = p256.Signature.fromBytes(der, "der");
  const low = lowS(r, s);
  return encodeAbiParameters(
    [{ type: "bytes32" }, { type: "bytes32" }, { type: "uint256" }, { type: "uint256" }, { type: "bytes" }, { type: "string" }],
    [low.r, low.s, BigInt(clientData.indexOf('"challenge"')), BigInt(clientData.indexOf('"type"')), bytesToHex(authenticatorData), clientData],
  );
}
