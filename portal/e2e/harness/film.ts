// What a camera sees that is held to a screen with QR codes: a film in the format that Chromium takes for a camera (YUV4MPEG2).
import { writeFileSync } from "node:fs";
import { generate } from "lean-qr";

const SIDE = 640;
/** Of each code; Chromium plays ten pictures a second, and begins again at the end. */
const PICTURES = 4;
/** Modules of white around a code, and a little of the desk. */
const QUIET = 6;
const [BLACK, WHITE, GREY] = [24, 230, 128];

/** Films codes, one after another. */
export function film(path: string, codes: readonly string[]): void {
  const colour = Buffer.alloc((SIDE * SIDE) / 2, GREY);
  const pictures = codes.flatMap((text) => {
    const code = generate(text.toUpperCase());
    const module = Math.floor(SIDE / (code.size + 2 * QUIET));
    const edge = Math.floor((SIDE - module * code.size) / 2);
    const light = Buffer.alloc(SIDE * SIDE, WHITE);
    for (let y = 0; y < module * code.size; y++) {
      for (let x = 0; x < module * code.size; x++) {
        if (code.get(Math.floor(x / module), Math.floor(y / module))) light[(y + edge) * SIDE + x + edge] = BLACK;
      }
    }
    const picture = Buffer.concat([Buffer.from("FRAME\n"), light, colour]);
    return Array.from({ length: PICTURES }, () => picture);
  });
  writeFileSync(path, Buffer.concat([Buffer.from(`YUV4MPEG2 W${SIDE} H${SIDE} F10:1 Ip A1:1 C420jpeg\n`), ...pictures]));
}
