// What can go wrong between the browser and the chain, as port failures with a reason that programs can tell apart.
import { type Abi, BaseError, type Hex, HttpRequestError, TimeoutError, UserRejectedRequestError, decodeErrorResult } from "viem";
import { PortFailure } from "../ports";
import { accountsAbi, allowancesAbi, casesAbi, consentsAbi, delegationsAbi, registryAbi, usesAbi } from "./abi";

const ERRORS = [accountsAbi, allowancesAbi, casesAbi, consentsAbi, delegationsAbi, registryAbi, usesAbi].flatMap((abi) => abi.filter((item) => item.type === "error")) as Abi;

type ErrorName<Contract> = Contract extends readonly (infer Item)[] ? (Item extends { type: "error"; name: infer Name } ? Name : never) : never;

/** Name of a custom error of the contracts. */
export type ContractError = ErrorName<typeof accountsAbi> | ErrorName<typeof allowancesAbi> | ErrorName<typeof casesAbi> | ErrorName<typeof consentsAbi> | ErrorName<typeof delegationsAbi> | ErrorName<typeof registryAbi> | ErrorName<typeof usesAbi>;

/** A contract said no: its error and the values it gave. */
export class ContractRefusal extends PortFailure {
  readonly error: ContractError | "unknown";
  readonly args: readonly unknown[];

  constructor(error: ContractError | "unknown", args: readonly unknown[], detail: string) {
    super("transaction-refused", detail);
    this.name = "ContractRefusal";
    this.error = error;
    this.args = args;
  }
}

function show(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(show).join(", ")}]` : String(value);
}

/** Names the contract's error in its return data. */
export function decodeRefusal(data: Hex | undefined): ContractRefusal {
  if (data === undefined || data === "0x") return new ContractRefusal("unknown", [], "refused without a reason");
  try {
    const { errorName, args = [] } = decodeErrorResult({ abi: ERRORS, data });
    return new ContractRefusal(errorName as ContractError, args, `${errorName}(${args.map(show).join(", ")})`);
  } catch {
    return new ContractRefusal("unknown", [], `refused with ${data.slice(0, 74)}`);
  }
}

function revertData(error: BaseError): Hex | undefined {
  const found = error.walk((cause) => typeof (cause as { data?: unknown }).data === "string" || typeof (cause as { data?: { data?: unknown } }).data?.data === "string");
  const data = (found as { data?: unknown } | null)?.data;
  if (typeof data === "string") return data as Hex;
  const nested = (data as { data?: unknown } | undefined)?.data;
  return typeof nested === "string" ? (nested as Hex) : undefined;
}

const REVERTED = 3; // JSON-RPC code of a reverted execution
const UNAVAILABLE = -32_002; // the node starts or stops

/** Turns whatever viem threw into a port failure. */
export function failureOf(error: unknown): PortFailure {
  if (error instanceof PortFailure) return error;
  if (!(error instanceof BaseError)) return new PortFailure("bad-answer", error instanceof Error ? error.message : String(error));
  const within = (test: (cause: unknown) => boolean): boolean => error.walk(test) !== null;
  const isAway = (cause: unknown) => cause instanceof HttpRequestError || cause instanceof TimeoutError || (cause as { code?: unknown }).code === UNAVAILABLE;
  if (within(isAway)) return new PortFailure("offline", error.shortMessage);
  if (within((cause) => cause instanceof UserRejectedRequestError)) return new PortFailure("rejected", "turned down in the wallet");
  const data = revertData(error);
  if (data !== undefined || within((cause) => (cause as { code?: unknown }).code === REVERTED)) return decodeRefusal(data);
  return new PortFailure("bad-answer", error.details || error.shortMessage);
}
