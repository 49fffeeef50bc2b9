// A camera, and the QR codes that it sees. The decoder comes when it is needed: most officers never scan.

/** Pictures a second are few: a moving code stands for 400 ms, and decoding must not make the page slow. */
const LOOK_MS = 120;
/** Codes are found in a picture of this width as well as in a large one. */
const MAX_WIDTH = 960;

export async function openCamera(): Promise<MediaStream> {
  // Pages that are not served securely have none.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (devices === undefined) throw new DOMException("no camera for this page", "NotFoundError");
  return await devices.getUserMedia({ audio: false, video: { facingMode: "environment", width: { ideal: 1280 } } });
}

export type Decoder = (picture: ImageData) => string;

export async function loadDecoder(): Promise<Decoder> {
  try {
    return (await import("qr/decode.js")).default;
  } catch (cause) {
    // Without network, or after a new deployment. Browsers have no name of their own for it.
    throw new DOMException(`the decoder did not load: ${String(cause)}`, "NetworkError");
  }
}

/** Calls back with each code that is seen; answers how to stop. */
export function watchCodes(video: HTMLVideoElement, decoder: Decoder, seen: (text: string) => void): () => void {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;
  const look = (): void => {
    const { videoWidth, videoHeight } = video;
    if (context !== null && videoWidth > 0) {
      const scale = Math.min(1, MAX_WIDTH / videoWidth);
      [canvas.width, canvas.height] = [Math.round(videoWidth * scale), Math.round(videoHeight * scale)];
      context.drawImage(video, 0, 0, canvas.width, canvas.height);
      const text = textIn(() => decoder(context.getImageData(0, 0, canvas.width, canvas.height)));
      if (text !== null && !isOver) seen(text);
    }
    if (!isOver) timer = setTimeout(look, LOOK_MS);
  };
  look();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

/** The decoder fails where there is no code, which is in most pictures. */
function textIn(decode: () => string): string | null {
  try {
    return decode();
  } catch {
    return null;
  }
}
