// Numbers as the lesson writes them (microgd/trace/numbers.py): only for what is recomputed here.
function rounded(x, digits, exponential) {
  const write = (places) => (exponential ? Math.abs(x).toExponential(places) : Math.abs(x).toFixed(places));
  const exact = write(Math.min(100, digits + 60)).split("e")[0];
  const point = exact.indexOf(".");
  // A number halfway between two goes to the even one, as in Python.
  const halfway = /^50*$/.test(exact.slice(point + 1 + digits));
  const text = write(digits);
  if (!halfway) return text;
  const kept = exact.slice(0, digits ? point + 1 + digits : point);
  return Number(kept.at(-1)) % 2 ? text : kept + (exponential ? `e${text.split("e")[1]}` : "");
}

function number(x, digits) {
  if (Number.isNaN(x)) return "NaN";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "−inf";
  let text = rounded(x, digits, false);
  if (Math.abs(x) >= 1e6 || (x !== 0 && Number(text) === 0)) {
    const [mantissa, exponent] = rounded(x, Math.max(digits, 2), true).split("e");
    text = `${mantissa}e${Number(exponent)}`.replace("e-", "e−");
  }
  return x < 0 ? `−${text}` : text;
}

// As short as it can be without loss for a reader: 2, 0.5, 1.234e−5.
function short(x, figures = 4) {
  if (!Number.isFinite(x)) return number(x, 2);
  const near = Number(x.toPrecision(figures));
  const text = x && Math.abs(x) < 1e-4 ? near.toExponential() : String(near);
  return text.replace("e+", "e").replaceAll("-", "−");
}

// The value of a nudged node on its wire, with decimals even where the lesson has none; larger
// arrays show their shape there, which never changes.
function onWire(node, flat) {
  const digits = node.whole ? 0 : Math.max(data.digits, 2);
  if (!node.shape.length) return number(flat[0], digits);
  const nested = (shape, from) => {
    if (!shape.length) return number(flat[from], digits);
    const [count, ...rest] = shape;
    const size = rest.reduce((a, b) => a * b, 1);
    return `[${Array.from({ length: count }, (_, i) => nested(rest, from + i * size)).join(", ")}]`;
  };
  return nested(node.shape, 0);
}
