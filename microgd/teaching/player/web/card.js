// The card of a gate or an input: its numbers so far, its rule, its line of code, its steps.
const card = make("div", { class: "card", role: "dialog", hidden: "" });
let pinned = null; // the element whose card stays
const stepsOf = nodes.map(() => []);
steps.forEach((step, i) => {
  stepsOf[step.node].push(i);
  if (step.target >= 0 && step.target !== step.node) stepsOf[step.target].push(i);
});

function showCard(board, element, place, stays) {
  const node = board.nodes[place];
  const value = told < node.until ? node.was : node.value;
  const own = stepsOf[place].filter((i) => steps[i].round === board.round && i <= told);
  const line = (name, text, shown) => make("p", {}, `${name}: `, make("span", { class: !shown ? "later" : name === words.value ? "value" : "result" }, shown ? text : words.later));
  const title = node.kind === "gate" ? `${node.label}: ${node.sign} (${node.gate})` : node.label;
  card.replaceChildren(make("h3", {}, title));
  if (value) card.append(line(words.value, value, node.at <= told));
  if (node.gradient) card.append(line(words.gradient, node.gradient, node.back <= told));
  const more = make("div", { class: "more" });
  const rules = own.filter((i) => steps[i].node === place && steps[i].rule);
  for (const i of rules) {
    const rule = make("p");
    rule.innerHTML = steps[i].rule;
    more.append(rule);
  }
  if (node.tie) more.append(make("p", {}, node.tie));
  if (node.source) more.append(make("p", {}, make("small", {}, fill(words.written, { place: node.source }))));
  const list = make("ol");
  for (const i of own)
    list.append(make("li", {}, make("small", {}, `${i}  `), steps[i].sentence));
  const close = make("button", { class: "close", "aria-label": words.close }, "×");
  close.onclick = hideCard;
  card.append(more, list, close);
  card.setAttribute("aria-label", title);
  card.classList.toggle("hover", !stays);
  card.hidden = false;
  board.section.append(card);
  const [box, here] = [element.getBoundingClientRect(), board.section.getBoundingClientRect()];
  const left = clamp(box.left + box.width / 2 - here.left - card.offsetWidth / 2, 8, Math.max(8, here.width - card.offsetWidth - 8));
  card.style.left = `${left}px`;
  card.style.top = `${box.bottom - here.top + 8}px`;
  pinned = stays ? element : null;
}

function hideCard() {
  card.hidden = true;
  pinned = null;
}

// A click goes to the gate's step; another one to its next.
function visit(board, element, place) {
  const near = stepsOf[place].filter((i) => steps[i].round === board.round);
  const own = near.filter((i) => steps[i].node === place);
  const list = own.length ? own : near;
  if (list.length) go(pinned === element ? list[(list.indexOf(at) + 1) % list.length] : list.includes(at) ? at : list[0]);
  showCard(board, element, place, true);
}

for (const board of boards) {
  const target = (event) => {
    const element = event.target.closest?.(".gate, .w");
    if (!element) return null;
    const place = element.dataset.n ?? board.lines[element.dataset.l]?.[2];
    return place === undefined || place < 0 ? null : [element, Number(place)];
  };
  board.svg.addEventListener("click", (event) => {
    const found = target(event);
    if (found) visit(board, ...found);
    else hideCard();
  });
  board.svg.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    const found = target(event);
    if (!found) return;
    event.preventDefault();
    event.stopPropagation();
    visit(board, ...found);
  });
  if (!matchMedia("(hover: hover)").matches) continue;
  board.svg.addEventListener("pointerover", (event) => {
    const found = target(event);
    if (found && !pinned) showCard(board, ...found, false);
  });
  board.svg.addEventListener("pointerout", () => { if (!pinned) hideCard(); });
}
