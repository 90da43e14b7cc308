// Nudge: an input moves by h, the whole program runs again, and h · gradient meets the truth.
const program = {{program}};
const starts = data.inputs.map((input) => real(input.x));
const offsets = [];
nodes.reduce((from, node) => (offsets.push(from), from + node.size), 0);
const movable = data.inputs.map((input, i) => i).filter((i) => Number.isFinite(starts[i]) && Number.isFinite(real(data.inputs[i].slope)));
let nudged = null; // { input, h, most, base, and the parts of the page }

// The gradient's start times the output: what the gradients are the gradient of.
function outcome(values) {
  const from = offsets[nodes.length - 1];
  return data.seed.reduce((sum, s, i) => sum + real(s) * values[from + i], 0);
}
function run(input, h) {
  const x = [...starts];
  x[input] += h;
  return program(x);
}

function openNudge() {
  const box = find("nudging");
  if (box.childElementCount) return;
  if (!program || !movable.length) {
    box.append(make("p", {}, fill(words.no_nudge, { why: data.why_not })));
    return;
  }
  const chips = make("div", { class: "chips", role: "group", "aria-label": words.input });
  if (movable.length > 24) { // a weight matrix has too many for buttons
    const list = make("select", { "aria-label": words.input });
    for (const input of movable) list.append(make("option", { value: input }, data.inputs[input].label));
    list.onchange = () => choose(Number(list.value));
    chips.append(list);
  } else for (const input of movable) {
    const chip = make("button", { "aria-pressed": "false", "data-input": input }, data.inputs[input].label);
    chip.onclick = () => choose(input);
    chips.append(chip);
  }
  const slider = make("input", { type: "range", id: "h", min: -100, max: 100, value: 0, step: 1, "aria-label": words.by });
  slider.oninput = () => drag(Number(slider.value) / 100 * nudged.most);
  const h = make("output", { for: "h" });
  const bars = make("div", { class: "bars" });
  const bar = {}, told = {};
  for (const [name, text] of [["true", words.true], ["foretold", words.foretold], ["off", words.off]]) {
    bar[name] = make("i");
    told[name] = make("b", { "data-nudge": name });
    bars.append(make("span", {}, text), make("span", { class: `bar ${name}`, "aria-hidden": "true" }, bar[name]), told[name]);
  }
  const shrinks = make("table", { class: "shrinks" });
  const note = make("p");
  const reset = make("button", { class: "word", id: "reset" }, words.reset);
  reset.onclick = calmNudge;
  box.append(
    make("p", {}, fill(words.nudge_what, { f: nodes.at(-1).label })), chips,
    make("div", { class: "drag" }, make("span", {}, "h"), slider, h),
    bars, shrinks, note, reset);
  nudged = { slider, h, bar, told, shrinks, note, reset, chips: all("button", chips), input: movable[0], start: run(movable[0], 0) };
  nudged.base = outcome(nudged.start);
  choose(movable[0]);
}

function choose(input) {
  const size = Math.abs(starts[input]);
  nudged.input = input;
  nudged.slope = real(data.inputs[input].slope);
  nudged.most = 10 ** Math.floor(Math.log10(Math.max(size, 1)));
  const ends = [-1, 1].flatMap((side) => {
    const h = side * nudged.most;
    return [outcome(run(input, h)) - nudged.base, h * nudged.slope];
  });
  nudged.scale = Math.max(...ends.map(Math.abs).filter(Number.isFinite), 1e-12);
  for (const chip of nudged.chips) chip.setAttribute("aria-pressed", Number(chip.dataset.input) === input);
  nudged.slider.value = 0;
  drag(0);
}

function drag(h) {
  const { input, slope, base, scale } = nudged;
  const values = run(input, h);
  const change = outcome(values) - base;
  nudged.at = h;
  nudged.h.textContent = short(h);
  const seen = { true: change, foretold: h * slope, off: change - h * slope };
  for (const [name, x] of Object.entries(seen)) {
    nudged.told[name].textContent = short(x);
    const width = Number.isFinite(x) ? clamp(Math.abs(x) / scale, 0, 1) * 50 : 50;
    nudged.bar[name].style.width = `${width}%`;
    nudged.bar[name].style.left = `${x < 0 ? 50 - width : 50}%`;
  }
  nudged.shrinks.replaceChildren(...shrinking(h));
  nudged.reset.hidden = nudged.note.hidden = h === 0;
  const exact = Math.abs(seen.off) <= 1e-9 * Math.max(Math.abs(change), Math.abs(seen.foretold), 1e-12);
  nudged.note.textContent = exact ? words.exact : words.shrinks;
  showValues(h === 0 ? null : values);
}

// The same for h, h/2, h/4, h/8.
function shrinking(h) {
  const row = (cells, tag) => make("tr", {}, ...cells.map((cell) => make(tag, {}, cell)));
  const lines = [row(["h", words.true, words.foretold, words.off], "th")];
  for (const part of h === 0 ? [] : [h, h / 2, h / 4, h / 8]) {
    const change = outcome(run(nudged.input, part)) - nudged.base;
    lines.push(row([part, change, part * nudged.slope, change - part * nudged.slope].map((x) => short(x)), "td"));
  }
  return h === 0 ? [] : lines;
}

// The wires show what is computed now; null: the lesson's own numbers again.
function showValues(values) {
  for (const board of boards.slice(0, 1)) { // beside a mistake, the right circuit
    board.texts.forEach((text, line) => {
      const place = board.lines[line][2];
      if (!text || place < 0 || nodes[place].size > data.on_wire) return;
      text.dataset.told ??= text.textContent;
      const flat = values?.slice(offsets[place], offsets[place] + nodes[place].size);
      const moved = flat?.some((x, i) => !Object.is(x, nudged.start[offsets[place] + i]));
      const now = moved ? onWire(nodes[place], flat) : text.dataset.told;
      if (text.textContent === now) return;
      text.textContent = now;
      text.parentNode.classList.toggle("new", now !== text.dataset.told);
    });
    board.badge.hidden = values === null;
    board.badge.textContent = `${data.inputs[nudged.input].label} ${nudged.at < 0 ? "−" : "+"} ${short(Math.abs(nudged.at))}`;
  }
}

function calmNudge() {
  if (!nudged || !nudged.at) return;
  nudged.slider.value = 0;
  drag(0);
}

find("nudge").ontoggle = () => {
  if (!find("nudge").open) return calmNudge();
  openNudge();
  find("nudge").scrollIntoView({ block: "nearest" });
};
