// Signatures of a key on a machine that is never connected: what it is asked for, and what becomes of its answers.
import { hashMessage, keccak256, serializeSignature, serializeTransaction } from "viem";
import { parseSiweMessage } from "viem/siwe";
import { type AskElsewhere, type Hex, PortFailure, type SignatureWanted } from "../ports";
import { hexToBytes, stringToBytes } from "../wallet/bytes";
import type { AccountKey } from "../wallet/elsewhere/account";
import { type Openings, hasOpenings } from "../wallet/elsewhere/openings";
import { type CheckedSignature, type SignRequest, checkAnswer, encodeRequest, newRequestId } from "../wallet/elsewhere/request";
import type { Unsigned } from "./connection";

/** Who asks, as the other machine shows it. */
const ORIGIN = "zhengtong portal";

type Asked = Pick<SignRequest, "data" | "dataType" | "chainId">;
type Rest = Pick<SignatureWanted, "what" | "behind" | "untilMs">;

async function asked(key: AccountKey, ask: AskElsewhere, { data, dataType, chainId }: Asked, hash: Hex, rest: Rest): Promise<CheckedSignature> {
  const { address, path } = key;
  const id = newRequestId();
  const content = encodeRequest({ id, data, dataType, chainId, path, address, origin: ORIGIN });
  return await ask({ ...rest, address, chainId, content, check: (answer) => checkAnswer(answer, id, hash, address) });
}

/** A text, signed by EIP-191. One that signs somebody in says until when it can be used. */
export async function messageSigned(key: AccountKey, ask: AskElsewhere, chainId: number, text: string): Promise<Hex> {
  const untilMs = parseSiweMessage(text).expirationTime?.getTime() ?? null;
  const signature = await asked(key, ask, { data: stringToBytes(text), dataType: "message", chainId }, hashMessage(text), { what: "sign-in", behind: "", untilMs });
  return serializeSignature(signature);
}

/** A transaction, signed and ready to be sent. */
export async function transactionSigned(key: AccountKey, ask: AskElsewhere, transaction: Unsigned, openings: Openings): Promise<Hex> {
  const { chainId } = transaction;
  if (chainId === undefined) throw new PortFailure("wrong-network", "a transaction without a chain");
  const bare = serializeTransaction(transaction);
  const behind = hasOpenings(openings) ? `${JSON.stringify(openings, null, 1)}\n` : "";
  const signature = await asked(key, ask, { data: hexToBytes(bare), dataType: "transaction", chainId }, keccak256(bare), { what: "decision", behind, untilMs: null });
  return serializeTransaction(transaction, signature);
}
