// What every part of the page uses: the data, the words, and few helpers.
// Dark as the reader's system is, until the switch is used; paper stays light.
const night = window.matchMedia("(prefers-color-scheme: dark)");
const root = document.documentElement;
const themed = () => { root.dataset.theme = night.matches ? "dark" : "light"; };
themed();
night.addEventListener("change", themed);
const data = JSON.parse(await unpacked("data"));
const { steps, nodes, words } = data;
const final = steps.length - 1;
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
const find = (id) => document.getElementById(id);
const all = (selector, where = document) => [...where.querySelectorAll(selector)];
// Texts of the lesson are put in as text, never as HTML; formulas are MathML made by the program.
function make(tag, attributes = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...inside);
  return element;
}
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
const clamp = (x, low, high) => Math.min(Math.max(x, low), high);
// JSON has no inf and no NaN.
const real = (x) => (typeof x === "number" ? x : { inf: Infinity, "-inf": -Infinity }[x] ?? NaN);
