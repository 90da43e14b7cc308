// Buttons, keys, the address, autoplay, colours; then the page begins.
let timer = 0;
const playing = () => document.body.classList.contains("playing");
function play(on) {
  clearTimeout(timer);
  document.body.classList.toggle("playing", on);
  find("play").setAttribute("aria-label", on ? words.pause : words.play);
  find("play").title = on ? words.pause : words.play;
  if (on && at === final) go(0);
  if (on) wait();
}
function wait() {
  timer = setTimeout(() => {
    if (at === final || pending(at)) return play(false);
    go(at + 1);
    if (at === final || pending(at)) play(false);
    else wait();
  }, 1800 / Number(find("speed").value));
}
function move(step) {
  if (playing()) play(false);
  hideCard();
  go(step);
}

function theme() {
  night.removeEventListener("change", themed);
  root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
}
function toggleNudge() {
  const box = find("nudge");
  if (box.hidden) return;
  box.open = !box.open;
  if (box.open) box.querySelector("summary").focus();
}
function help() {
  if (!find("keys").open) find("keys").showModal();
}

find("first").onclick = () => move(0);
find("back").onclick = () => move(at - 1);
find("play").onclick = () => play(!playing());
find("next").onclick = () => move(at + 1);
find("last").onclick = () => move(final);
find("slider").oninput = () => move(Number(find("slider").value));
find("theme").onclick = theme;
find("help").onclick = help;
find("palette").value = root.dataset.palette;
find("palette").onchange = () => { root.dataset.palette = find("palette").value; };
jumps.forEach((jump, round) => { jump.onclick = () => move(data.rounds[round]); });
rows.forEach((row, step) => {
  row.addEventListener("click", (event) => {
    event.preventDefault();
    move(step);
  });
});

const keys = {
  ArrowRight: () => move(at + 1), ArrowLeft: () => move(at - 1), Home: () => move(0), End: () => move(final),
  " ": () => play(!playing()), q: () => setQuiz(!quiz), n: toggleNudge, d: theme, "?": help,
  Escape: hideCard,
};
document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || find("keys").open) return;
  const there = event.target;
  if (there.matches?.("select, input:not(#slider)") && event.key !== "Escape") return;
  if (there.matches?.("button, summary, a") && event.key === " ") return;
  const does = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!does) return;
  event.preventDefault();
  does();
});
window.addEventListener("hashchange", () => {
  const step = asked();
  if (step !== null && step !== at) move(step);
});

document.body.classList.add("scripted");
find("nudge").hidden = data.rounds.length > 1; // each lesson has data of its own
for (const board of boards) board.fit();
tell(-1);
go(asked() ?? 0, false);
for (const board of boards) {
  board.fit();
  board.follow();
}
document.body.dataset.ready = "yes";
performance.mark("ready");
