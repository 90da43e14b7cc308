// A circuit: which numbers are visible, what is lit, how large it is, and the card of a gate.
function makeBoard(section, { round, side, lines, differing, nodes: own = nodes }) {
  const scroll = section.querySelector(".scroll");
  const svg = section.querySelector("svg.circuit");
  if (!svg) return null;
  const appear = Array.from({ length: steps.length + 1 }, () => []); // by step, counted from −1
  const parts = { line: [], item: [], branch: [] };
  const texts = []; // of each line: where its value stands
  const changing = []; // data that become others midway: the text, both numbers, the step
  const put = (kind, at, element) => (parts[kind][at] ??= []).push(element);
  for (const element of all("[data-l]", svg)) {
    const at = Number(element.dataset.l);
    put("line", at, element);
    const [above, below, , was, until] = lines[at];
    if (element.classList.contains("d")) appear[below + 1].push(element); // dashed from there on
    if (!element.classList.contains("w")) continue;
    texts[at] = element.querySelector(".v");
    if (until !== undefined) changing.push([texts[at], was, texts[at].textContent, until]);
    for (const text of all(".v, .n", element)) appear[above + 1].push(text);
    for (const text of all(".g", element)) appear[below + 1].push(text);
  }
  for (const text of all("pre i", section)) { // the circuit as it is read aloud
    const { a, was, until } = text.dataset;
    appear[Number(a) + 1].push(text);
    if (until) changing.push([text, was, text.textContent, Number(until)]);
  }
  for (const [at, kind, from] of differing) { // a frame around each number that is wrong
    const wrong = all(`.w[data-l="${at}"] .${kind}`, svg).at(-1);
    if (!wrong) continue;
    const box = wrong.getBBox();
    const frame = document.createElementNS(svg.namespaceURI, "rect");
    const sides = { class: "mark", x: box.x - 3, y: box.y - 1, width: box.width + 6, height: box.height + 2, rx: 3 };
    for (const [name, value] of Object.entries(sides)) frame.setAttribute(name, value);
    wrong.before(frame);
    appear[from + 1].push(frame);
  }
  for (const element of all("[data-i]", svg)) put("item", Number(element.dataset.i), element);
  for (const gate of all("[data-n]", svg)) {
    const node = nodes[gate.dataset.n];
    gate.setAttribute("role", "button");
    gate.setAttribute("tabindex", "-1");
    gate.setAttribute("aria-label", `${node.label}: ${node.sign}`);
  }
  for (const element of all("[data-j]", svg)) put("branch", Number(element.dataset.j), element);

  let told = final;
  function tell(step) {
    for (let i = told + 1; i <= step; i++) for (const part of appear[i + 1]) part.classList.remove("off");
    for (let i = told; i > step; i--) for (const part of appear[i + 1]) part.classList.add("off");
    for (const [text, was, now, until] of changing) text.textContent = step < until ? was : now;
    told = step;
  }

  // Of several lessons one is in sight.
  function turn(mine) {
    const back = section.hidden && mine;
    section.hidden = !mine;
    if (back) fit();
    return mine;
  }

  let lit = [];
  function light(step) {
    for (const [part, name] of lit) part.classList.remove(name);
    lit = [];
    if (!turn(steps[step].round === round)) return;
    const what = steps[step].lit[side] ?? {};
    const add = (kind, at, name) => {
      for (const part of parts[kind][at] ?? []) {
        part.classList.add(name);
        lit.push([part, name]);
      }
    };
    add("item", what.item, "on");
    add("branch", what.branch, "on");
    add("line", what.line, "on");
    if (what.from !== what.line) add("line", what.from, "from");
    const gate = lit.map(([part]) => part).find((part) => part.classList.contains("gate"));
    for (const part of all('.gate[tabindex="0"]', svg)) part.setAttribute("tabindex", "-1");
    gate?.setAttribute("tabindex", "0");
    follow();
  }

  // The lit gate stays in view where the circuit is wider than its box.
  function follow() {
    const boxes = lit.filter(([part, name]) => name === "on" && !part.matches(".e")).map(([part]) => part.getBoundingClientRect());
    if (!boxes.length) return;
    const view = scroll.getBoundingClientRect();
    const shift = (low, high, from, to) => {
      const least = Math.min(...boxes.map((box) => box[low]));
      const most = Math.max(...boxes.map((box) => box[high]));
      const room = (to - from) / 8;
      return least < from + room || most > to - room ? (least + most - from - to) / 2 : 0;
    };
    const [left, top] = [shift("left", "right", view.left, view.right), shift("top", "bottom", view.top, view.bottom)];
    if (left || top) scroll.scrollBy({ left, top, behavior: calm.matches || !document.body.dataset.ready ? "auto" : "smooth" });
  }

  const [width, height] = ["width", "height"].map((side) => Number(svg.getAttribute(side)));
  const pixels = Number(svg.getAttribute("font-size")) * (96 / 72);
  let scale = 1;
  function zoom(wanted) {
    scale = clamp(wanted, 0.2, 4);
    svg.style.width = `${Math.round(width * scale)}px`;
    svg.style.height = `${Math.round(height * scale)}px`;
  }
  // As large as the box, but numbers stay readable, and never huge.
  function fit() {
    const style = getComputedStyle(scroll);
    const room = scroll.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const below = data.boards.length > 1 && room > window.innerWidth / 2; // a mistake, not beside
    const high = (window.innerHeight * (below ? 0.21 : 0.32)) / height;
    zoom(Math.max(Math.min(room / width, Math.max(high, 0.75), 1.7), Math.min(12 / pixels, 1)));
  }
  for (const [name, does] of [["smaller", () => zoom(scale / 1.25)], ["fit", fit], ["larger", () => zoom(scale * 1.25)]])
    section.querySelector(`.zoom [data-zoom=${name}]`).onclick = does;
  window.addEventListener("resize", () => { fit(); follow(); });

  const badge = make("div", { class: "badge", hidden: "" });
  section.append(badge);
  return { badge, round, nodes: own, svg, scroll, section, lines, texts, tell, light, fit, follow };
}
