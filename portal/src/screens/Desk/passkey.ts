// An officer's passkey (WebAuthn): made and used in the browser, checked by the agency's gateway.
import type { MadePasskey, PasskeyMaking, ShownPasskey } from "../../ports";
import { TIMEOUT_MS, asked } from "../../wallet/account/passkey";
import { base64Url, fromBase64Url } from "../../wallet/bytes";

const text = (bytes: ArrayBuffer) => base64Url(new Uint8Array(bytes));

/** Makes one that the device can find by itself; whoever uses it is verified. */
export async function makePasskey(making: PasskeyMaking, organisation: string): Promise<MadePasskey> {
  const credential = await asked(
    navigator.credentials.create({
      publicKey: {
        rp: { id: making.rpId, name: "政通 Zhengtong" },
        user: { id: fromBase64Url(making.user), name: making.name, displayName: `${making.name} · ${organisation}` },
        challenge: fromBase64Url(making.challenge),
        pubKeyCredParams: making.algorithms.map((alg) => ({ type: "public-key", alg })),
        excludeCredentials: making.exclude.map((id) => ({ type: "public-key", id: fromBase64Url(id) })),
        authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
        attestation: "none",
        timeout: TIMEOUT_MS,
      },
    }),
  );
  const response = credential.response as AuthenticatorAttestationResponse;
  return { clientData: text(response.clientDataJSON), attestationObject: text(response.attestationObject) };
}

/** Lets the person choose among those of this portal that their devices hold. */
export async function showPasskey({ challenge, rpId }: { challenge: string; rpId: string }): Promise<ShownPasskey> {
  const credential = await asked(
    navigator.credentials.get({ publicKey: { challenge: fromBase64Url(challenge), rpId, userVerification: "required", timeout: TIMEOUT_MS } }),
  );
  const { clientDataJSON, authenticatorData, signature, userHandle } = credential.response as AuthenticatorAssertionResponse;
  return {
    id: text(credential.rawId),
    clientData: text(clientDataJSON),
    authenticatorData: text(authenticatorData),
    signature: text(signature),
    user: userHandle === null ? null : text(userHandle),
  };
}
