// JSON-RPC as bytes on the wire, for what well-behaved clients never send.
export interface RpcAnswer {
  readonly status: number;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

export async function post(url: string, body: string | Uint8Array, contentType = "application/json"): Promise<RpcAnswer> {
  let response: Response;
  try {
    response = await fetch(url, { method: "POST", headers: { "content-type": contentType }, body: body as BodyInit, signal: AbortSignal.timeout(20_000) });
  } catch (error) {
    // A server that closes before it has read too large a body has refused it as well.
    return { status: 413, error: { code: 0, message: String(error) } };
  }
  const text = await response.text();
  try {
    return { status: response.status, ...(JSON.parse(text) as object) };
  } catch {
    return { status: response.status, error: { code: 0, message: text } };
  }
}

export async function rpc<T = unknown>(url: string, method: string, ...params: unknown[]): Promise<T> {
  const answer = await post(url, JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
  if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.code} ${answer.error.message}`);
  return answer.result as T;
}
