// Where the lesson is. Numbers of the steps 0 … `told` are visible: going anywhere, forward or
// back, shows the same as stepping there, and touches only what lies between.
const boards = all(".board").map((section, place) => makeBoard(section, data.boards[place])).filter(Boolean);
const jumps = all(".jumps button");
const rows = all("#rows tr");
rows.forEach((row, i) => {
  steps[i].title = row.querySelector("a").textContent;
  steps[i].sentence = row.querySelector("span").textContent;
  steps[i].mistaken = row.querySelector(".wrong")?.textContent;
});
let at = 0;
let told = final;

function tell(step) {
  for (const board of boards) board.tell(step);
  for (let i = told + 1; i <= step; i++) rows[i].classList.remove("off");
  for (let i = told; i > step; i--) rows[i].classList.add("off");
  told = step;
}

function go(step, moved = true) {
  rows[at].removeAttribute("aria-current");
  at = clamp(step, 0, final);
  const asking = pending(at);
  tell(asking ? at - 1 : at);
  for (const board of boards) board.light(at);
  jumps.forEach((jump, round) => jump.setAttribute("aria-pressed", steps[at].round === round));
  rows[at].setAttribute("aria-current", "step");
  keepInView(rows[at]);
  find("slider").value = at;
  find("slider").setAttribute("aria-valuetext", `${words.step} ${at}: ${steps[at].title}`);
  find("count").textContent = `${at} / ${final}`;
  for (const name of ["first", "back"]) find(name).setAttribute("aria-disabled", at === 0);
  for (const name of ["next", "last"]) find(name).setAttribute("aria-disabled", at === final);
  showPanel(asking);
  calmNudge();
  if (moved) markAddress();
}

// Only the list scrolls, never the page.
function keepInView(row) {
  const box = find("rows").closest(".table");
  const [view, place] = [box.getBoundingClientRect(), row.getBoundingClientRect()];
  const head = box.querySelector("thead").offsetHeight;
  if (place.top < view.top + head) box.scrollTop -= view.top + head - place.top;
  else if (place.bottom > view.bottom - place.height) box.scrollTop += place.bottom + place.height - view.bottom;
}

// The address names the step, without a history of every step.
let marking = 0;
function markAddress() {
  clearTimeout(marking);
  marking = setTimeout(() => {
    try { history.replaceState(null, "", `#step-${at}`); } catch { /* inside of a notebook */ }
  }, 120);
}
function asked() {
  const found = /^#step-(\d+)$/.exec(location.hash);
  return found ? Number(found[1]) : null;
}

function showPanel(asking) {
  const step = steps[at];
  find("kind").textContent = `${words[`kind_${step.kind}`]} · ${words.step} ${at} / ${final}`;
  find("title").textContent = step.title;
  find("formulas").hidden = asking;
  find("sentence").textContent = asking ? "" : step.sentence;
  // What a gate computes is in the formulas already, word for word.
  find("sentence").classList.toggle("unseen", step.kind === "forward" && boards.length > 0);
  find("symbols").innerHTML = asking ? "" : step.symbols;
  find("numbers").innerHTML = asking ? "" : step.numbers;
  find("rule").innerHTML = asking ? "" : step.rule;
  for (const formula of all(".formula")) { // a long one is set smaller
    formula.classList.remove("tight");
    if (formula.scrollWidth > formula.clientWidth) formula.classList.add("tight");
  }
  find("legend").hidden = asking || !step.symbols.includes('"local"');
  find("mistaken").hidden = asking || !step.mistaken;
  find("mistaken").textContent = step.mistaken ? `${words.wrong_way}: ${step.mistaken}` : "";
  showQuestion(asking);
}
