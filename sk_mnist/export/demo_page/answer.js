// What the page says about a picture: the verdict, the bars, and both small pictures.

const element = (id) => document.getElementById(id);

function percent(p) {
  if (p > 0.9995 && p < 1) return ">99.9%";
  if (p < 0.0005) return p > 0 ? "<0.1%" : "0%";
  return `${(100 * p).toFixed(1)}%`;
}

class Answer {
  constructor({ classes, multilabel }) {
    Object.assign(this, { classes, multilabel });
    // Short names stand in two columns on a phone.
    document.body.classList.toggle("has-names", classes.some((name) => name.length > 2));
    this.bars = classes.map((name) => {
      const bar = document.createElement("li");
      const [label, track, fill, value] = ["name", "track", "fill", "value"].map((className) => {
        const span = document.createElement("span");
        span.className = className;
        return span;
      });
      label.textContent = label.title = name;
      track.append(fill);
      bar.append(label, track, value);
      element("bars").append(bar);
      return { bar, fill, value };
    });
    this.showNothing();
  }

  showNothing(reason = "Nothing to read yet") {
    element("verdict").classList.add("is-empty");
    element("digit").classList.remove("is-name");
    this.text = reason;
    this.setTexts("?", reason, "");
    for (const { bar, fill, value } of this.bars) {
      bar.classList.remove("best");
      fill.style.transform = "";
      value.textContent = "";
    }
    this.showPixels(new Uint8Array(SIDE * SIDE));
    this.showSaliency(new Uint8Array(SIDE * SIDE), new Float64Array(SIDE * SIDE), "the answer");
  }

  /** Show probabilities. */
  show(probabilities) {
    element("verdict").classList.remove("is-empty");
    const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
    const named = (k) => `${this.classes[k]}, ${percent(probabilities[k])}`;
    const chosen = this.multilabel
      ? [...probabilities.keys()].filter((k) => probabilities[k] > 0.5)
      : [order[0]];
    const name = chosen.map((k) => this.classes[k]).join(", ") || "none";
    element("digit").classList.toggle("is-name", name.length > 2);
    const next = order.length > 1 && !this.multilabel ? `Next: ${named(order[1])}` : "";
    const confidence = this.multilabel ? "" : percent(probabilities[order[0]]);
    this.text = this.multilabel ? name : `${named(order[0])}. ${next}`;
    this.setTexts(name, confidence, next);
    this.bars.forEach(({ bar, fill, value }, k) => {
      bar.classList.toggle("best", chosen.includes(k));
      fill.style.transform = `translateX(${100 * (probabilities[k] - 1)}%)`;
      value.textContent = percent(probabilities[k]);
    });
  }

  setTexts(digit, confidence, next) {
    element("digit").textContent = digit;
    element("confidence").textContent = confidence;
    element("runner-up").textContent = next;
  }

  showPixels(pixels) {
    const image = new ImageData(SIDE, SIDE);
    pixels.forEach((value, i) => image.data.set([value, value, value, 255], 4 * i));
    element("seen").getContext("2d").putImageData(image, 0, 0);
  }

  /** Color pixels for and against a class, and draw the outline of the digit. */
  showSaliency(pixels, map, name) {
    element("decided").textContent = name;
    const canvas = element("saliency");
    const context = canvas.getContext("2d");
    const colors = getComputedStyle(canvas);
    const unit = canvas.width / SIDE;
    const largest = map.reduce((a, b) => Math.max(a, Math.abs(b)), 0) || 1;
    context.clearRect(0, 0, canvas.width, canvas.height);
    map.forEach((value, i) => {
      context.fillStyle = colors.getPropertyValue(value > 0 ? "--for" : "--against");
      context.globalAlpha = Math.abs(value) / largest;
      context.fillRect((i % SIDE) * unit, Math.floor(i / SIDE) * unit, unit, unit);
    });
    context.globalAlpha = 1;
    context.fillStyle = colors.getPropertyValue("--text");
    const isInk = (row, column) => pixels[row * SIDE + column] >= 128;
    for (let row = 1; row < SIDE; row++) {
      for (let column = 1; column < SIDE; column++) {
        const [x, y] = [column * unit, row * unit];
        if (isInk(row, column) !== isInk(row - 1, column)) context.fillRect(x, y - 1, unit, 2);
        if (isInk(row, column) !== isInk(row, column - 1)) context.fillRect(x - 1, y, 2, unit);
      }
    }
  }
}
