// Photos: chosen, dropped or pasted files, decoded by the browser.

// More pixels, or longer sides, are more than a canvas has on some devices; larger photos are halved.
const MOST_PIXELS = 16_000_000;
const LONGEST_SIDE = 16_384;
// What is shown of a photo has at most so many pixels on a side, as it stays in memory.
const LONGEST_VIEW = 1000;

/**
 * Decode a file and find the digit in it.
 * @param {Blob} file
 * @returns {Promise<object>} What `prepareDigit` returns, with the `view` to show, a canvas, and the
 *   number of its pixels, `viewUnit`, in which `box` is measured.
 * @throws {PictureError}
 */
async function readPhoto(file) {
  const bitmap = await decode(file);
  try {
    const image = pixelsOf(bitmap);
    const prepared = prepareDigit(image);
    const view = viewOf(bitmap);
    return { ...prepared, view, viewUnit: (prepared.scale * view.width) / image.width };
  } finally {
    bitmap.close();
  }
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
  while (width * height > MOST_PIXELS || Math.max(width, height) > LONGEST_SIDE) {
    [width, height] = [width, height].map((side) => Math.ceil(side / 2));
  }
  const canvas = scaledTo(bitmap, width, height);
  const image = canvas.getContext("2d").getImageData(0, 0, width, height);
  canvas.width = canvas.height = 0; // frees its memory at once
  return image;
}

function viewOf(bitmap) {
  const factor = Math.min(1, LONGEST_VIEW / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.ceil(side * factor));
  return scaledTo(bitmap, width, height);
}

function scaledTo(bitmap, width, height) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  return canvas;
}

/** The first picture among what was dropped or pasted; else the first file; null without files. */
function fileOf(transfer) {
  const files = Array.from(transfer?.files ?? []);
  return files.find((file) => file.type.startsWith("image/")) ?? files[0] ?? null;
}
