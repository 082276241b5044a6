// Photos: chosen, dropped or pasted files, decoded by the browser.

// More pixels than this are more than a canvas has on some phones; larger photos are halved first.
const MOST_PIXELS = 16_000_000;

/**
 * Decode a file and find the digit in it.
 * @param {Blob} file
 * @returns {Promise<object>} The `bitmap` to show, and what `prepareDigit` returns.
 * @throws {PictureError}
 */
async function readPhoto(file) {
  const bitmap = await decode(file);
  return { bitmap, ...prepareDigit(pixelsOf(bitmap)) };
}

async function decode(file) {
  if (file.size === 0) throw new PictureError("is empty");
  try {
    // It is upright as EXIF says. As in Python, colors are taken as they are in the file.
    return await createImageBitmap(file, {
      colorSpaceConversion: "none",
      premultiplyAlpha: "none",
    });
  } catch {
    throw new PictureError("is not a picture that this browser can read");
  }
}

function pixelsOf(bitmap) {
  let { width, height } = bitmap;
  while (width * height > MOST_PIXELS) [width, height] = [width, height].map((side) => Math.ceil(side / 2));
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

/** The first picture among what was dropped or pasted; else the first file; null without files. */
function fileOf(transfer) {
  const files = Array.from(transfer?.files ?? []);
  return files.find((file) => file.type.startsWith("image/")) ?? files[0] ?? null;
}
