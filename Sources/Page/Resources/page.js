"use strict";
// Asks for the current state every two seconds, for the day every half minute, and for pictures, if there are any, every
// second. Shows everything from the daemon as text, never as HTML: names of cameras, labels and rules are untrusted.

const byID = (id) => document.getElementById(id);
const words = {
  idle: "nothing known", unknown: "not recognised", empty: "nobody there", warming_up: "starting", no_signal: "no picture",
};
let zone;  // The daemon's time zone, once known.
let day;  // The answer on display.
let today = true;
let failed = false;  // Whether the last request for a day failed.

function make(tag, content, className) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  for (const part of [content].flat()) if (part !== undefined && part !== null) element.append(part);
  return element;
}

function format(time, options) {
  try {
    return new Intl.DateTimeFormat(undefined, { ...options, timeZone: zone }).format(new Date(time));
  } catch {
    return new Intl.DateTimeFormat(undefined, options).format(new Date(time));  // The browser does not know the zone.
  }
}
const clock = (time) => format(time, { hour: "numeric", minute: "2-digit" });
const exact = (time) => format(time, { hour: "numeric", minute: "2-digit", second: "2-digit" });
function since(time) {
  const sameDay = format(time, { dateStyle: "short" }) === format(Date.now(), { dateStyle: "short" });
  return "since " + (sameDay ? clock(time) : format(time, { dateStyle: "short", timeStyle: "short" }));
}

/// A label's colour, always the same. Neighbouring labels of the model are far apart on the colour wheel; for other models'
/// labels the letters decide.
function coloured(element, label) {
  let number = day?.labels.indexOf(label) ?? -1;
  if (number < 0) {
    number = 2166136261;
    for (const byte of new TextEncoder().encode(label)) number = Math.imul(number ^ byte, 16777619) >>> 0;
  }
  element.style.setProperty("--hue", (number * 137.508 % 360).toFixed(0));
  element.style.setProperty("--strength", [0.14, 0.11, 0.06][number % 3]);
  return element;
}

/// Updates only those elements of a list whose content changed, so that screen readers announce only these.
function update(list, items, key, fill) {
  const old = new Map([...list.children].map((child) => [child.dataset.key, child]));
  const elements = items.map((item) => {
    const element = old.get(key(item)) ?? fill.make();
    const content = JSON.stringify(item);
    if (element.dataset.content !== content) {
      element.dataset.key = key(item);
      element.dataset.content = content;
      element.replaceChildren(...fill.parts(item));
    }
    return element;
  });
  if (elements.length !== list.children.length || elements.some((element, i) => element !== list.children[i])) {
    list.replaceChildren(...elements);
  }
}

function doing(state, who) {
  const label = state.activity?.label;
  const word = label
    ? make("span", [coloured(make("span", null, "swatch"), label), label], "doing")
    : make("span", words[state.state] ?? state.state, "idle");
  return make("li", [who, word, make("span", since(state.since.time), "since")]);
}

function cameraParts({ name, condition, reason, state, preview }) {
  const head = make("header", [make("h3", name), make("span", condition, `condition ${condition}`)]);
  if (!state) return [head];
  const away = condition !== "online" && reason ? [make("p", reason)] : [];
  const picture = preview && condition === "online" ? [pictureOf(name)] : [];
  const people = state.people;
  const items = people?.length
    ? people.map((one) => doing(one, `Person ${one.person.id}`))
    : [doing(state)];
  return [head, ...away, ...picture, make("ul", items)];
}

function pictureOf(camera) {
  const image = make("img", null, "preview");
  image.alt = `What ${camera} sees`;
  image.dataset.camera = camera;
  // The first picture may not exist yet.
  image.addEventListener("error", () => { image.hidden = true; });
  image.addEventListener("load", () => { image.hidden = false; });
  look(image);
  return image;
}

/// Requests a camera's latest picture.
function look(image) {
  image.src = `/preview.jpg?camera=${encodeURIComponent(image.dataset.camera)}&at=${Date.now()}`;
}

function alertParts(alert) {
  const about = [alert.cameras.join(", "), alert.person && `person ${alert.person.id}`].filter(Boolean).join(", ");
  return [
    make("strong", alert.message ?? alert.rule), make("span", alert.reason),
    make("span", `${alert.rule} · ${about} · ${since(alert.raised.time)}`),
  ];
}

function showNow(now) {
  byID("node").textContent = now.node;
  document.title = (now.alerts.length ? `(${now.alerts.length}) ` : "") + `adl ${now.node}`;
  byID("alerts").hidden = now.alerts.length === 0;
  update(byID("alert-list"), now.alerts, (alert) => alert.id, { make: () => make("li"), parts: alertParts });
  const cameras = now.cameras.map(({ name, state, health }) => ({
    name, state, condition: state?.condition ?? "offline", reason: health?.reason,
    preview: now.preview,
  }));
  update(byID("cameras"), cameras, (camera) => camera.name, {
    make: () => make("article", null, "card"), parts: cameraParts,
  });
}

/// Assigns activities to rows: a new row for people who are present at the same time, otherwise the same row.
function lanes(activities, end) {
  const people = new Map();
  for (const activity of activities) {
    const key = `${activity.epoch} ${activity.person}`;
    if (!people.has(key)) people.set(key, []);
    people.get(key).push(activity);
  }
  const lanes = [];
  for (const own of people.values()) {
    const begin = Math.min(...own.map((activity) => Date.parse(activity.begin)));
    let lane = lanes.find((lane) => lane.end <= begin);
    if (!lane) lanes.push(lane = { people: new Set(), activities: [] });
    lane.end = Math.max(...own.map((activity) => (activity.end ? Date.parse(activity.end) : end)));
    lane.people.add(own[0].person);
    lane.activities.push(...own);
  }
  return lanes;
}

function laneName({ people }) {
  const numbers = [...people].filter((person) => person !== undefined);
  if (!numbers.length) return "Whole picture";
  return numbers.length > 4 ? `${numbers.length} people, one after another`
    : (numbers.length > 1 ? "People " : "Person ") + numbers.sort((a, b) => a - b).join(", ");
}

function hours(from, to) {
  const narrow = innerWidth < 600;
  const steps = [1, 5, 10, 30, 60, 120, 180, 360].map((minutes) => minutes * 60000);
  const step = steps.find((step) => (to - from) / step <= (narrow ? 4 : 9)) ?? steps.at(-1);
  const row = make("div", null, "hours");
  row.setAttribute("aria-hidden", "true");
  for (let time = from; time < to; time += step) {
    const mark = make("span", clock(time));
    mark.style.left = `${(time - from) / (to - from) * 100}%`;
    row.append(mark);
  }
  return row;
}

function showTimeline() {
  const now = Date.parse(day.now);
  const last = Math.min(Date.parse(day.end), now);
  const times = day.activities.flatMap(({ begin, end }) => [Date.parse(begin), end ? Date.parse(end) : last]);
  // The part of the day in which something happened, in whole steps.
  const step = times.length && Math.max(...times) - Math.min(...times) < 1800000 ? 300000 : 3600000;
  const from = Math.max(Date.parse(day.begin), Math.floor(Math.min(...times) / step) * step);
  const to = Math.min(Date.parse(day.end), Math.ceil(Math.max(...times) / step) * step);
  const blocks = Map.groupBy
    ? [...Map.groupBy(day.activities, (activity) => activity.camera)]
    : [...new Set(day.activities.map(({ camera }) => camera))]
      .map((camera) => [camera, day.activities.filter((activity) => activity.camera === camera)]);
  byID("timeline").replaceChildren(...blocks.map(([camera, activities]) => {
    const block = make("div", make("h3", camera), "camera");
    for (const lane of lanes(activities, last)) {
      const track = make("div", null, "track");
      track.setAttribute("role", "img");
      track.setAttribute("aria-label", `${laneName(lane)} at ${camera}: ${lane.activities.length} activities, listed below`);
      for (const activity of lane.activities) {
        const begin = Math.max(Date.parse(activity.begin), from);
        const end = Math.min(activity.end ? Date.parse(activity.end) : last, to);
        const width = (end - begin) / (to - from);
        const isWide = width * byID("timeline").clientWidth > activity.label.length * 7 + 14;
        const span = coloured(make("div", isWide ? activity.label : null, isWide ? "span" : "span narrow"), activity.label);
        span.title = `${activity.label}, ${exact(activity.begin)} – ${activity.end ? exact(activity.end) : "now"}`;
        span.style.left = `${(begin - from) / (to - from) * 100}%`;
        span.style.width = `${width * 100}%`;
        track.append(span);
      }
      block.append(make("p", laneName(lane), "lane"), track);
    }
    block.append(hours(from, to));
    return block;
  }));
}

function duration(seconds) {
  const say = (number, unit) => new Intl.NumberFormat(undefined, { style: "unit", unit, unitDisplay: "short" }).format(number);
  if (seconds < 60) return say(Math.round(seconds), "second");
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return say(minutes, "minute");
  const hours = say(Math.floor(minutes / 60), "hour");
  return minutes % 60 ? `${hours} ${say(minutes % 60, "minute")}` : hours;
}

function showTables() {
  const count = new Intl.NumberFormat();
  byID("totals").hidden = day.totals.length === 0;
  byID("totals").tBodies[0].replaceChildren(...day.totals.map((total) => {
    const name = make("th", [coloured(make("span", null, "swatch"), total.label), total.label]);
    name.scope = "row";
    return make("tr", [name, make("td", count.format(total.count)), make("td", duration(total.seconds))]);
  }));
  byID("list").hidden = day.activities.length === 0;
  byID("list").querySelector("tbody").replaceChildren(...day.activities.map((activity) => make("tr", [
    make("td", exact(activity.begin)), make("td", activity.end ? exact(activity.end) : "ongoing"),
    make("td", activity.label), make("td", activity.camera), make("td", activity.person?.toString() ?? "–"),
  ])));
}

function showDay(answer) {
  const isSame = day && JSON.stringify({ ...day, now: 0, totals: 0 }) === JSON.stringify({ ...answer, now: 0, totals: 0 });
  const goesOn = answer.activities.some((activity) => !activity.end);
  day = answer;
  zone = day.time_zone;
  byID("date").value = day.date;
  byID("date").max = day.today;
  byID("next").disabled = day.date >= day.today;
  byID("today").disabled = today;
  if (isSame && !goesOn && !failed) return;
  failed = false;
  const notes = [];
  if (!day.activities.length) notes.push("No activities on this day.");
  if (day.omitted) notes.push(`${day.omitted} more are not shown.`);
  if (day.since) {
    notes.push(`No history is kept: this is what was recognised since ${format(day.since, { dateStyle: "medium", timeStyle: "short" })}.`);
  }
  byID("note").textContent = notes.join(" ");
  showTimeline();
  showTables();
}

async function ask(path) {
  const response = await fetch(path, { signal: AbortSignal.timeout(10000) });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

let lostSince;
async function askNow() {
  if (document.hidden) return;
  try {
    showNow(await ask("/api/now"));
    lostSince = undefined;
  } catch {
    lostSince ??= Date.now();
  }
  const text = lostSince ? `No answer from the daemon since ${exact(lostSince)}` : "Live";
  if (byID("connection").textContent !== text) byID("connection").textContent = text;
  byID("connection").classList.toggle("lost", lostSince !== undefined);
}

let asked = 0;
async function askDay(date) {
  const number = ++asked;
  try {
    const answer = await ask("/api/day" + (date ? `?date=${encodeURIComponent(date)}` : ""));
    // After several quick clicks only the last counts.
    if (number === asked) showDay(answer);
  } catch (error) {
    if (number !== asked) return;
    failed = true;
    byID("note").textContent = error.message;
  }
}

function choose(date) {
  today = !date || date === day?.today;
  askDay(today ? undefined : date);
}

byID("previous").addEventListener("click", () => day && choose(day.previous));
byID("next").addEventListener("click", () => day && choose(day.next));
byID("today").addEventListener("click", () => choose());
byID("date").addEventListener("change", (event) => event.target.value && choose(event.target.value));
document.addEventListener("visibilitychange", askNow);
addEventListener("resize", () => day?.activities.length && showTimeline());
setInterval(askNow, 2000);
setInterval(() => { if (!document.hidden) document.querySelectorAll("img.preview").forEach(look); }, 1000);
setInterval(() => { if (today && !document.hidden) askDay(); }, 30000);
// The day's answer contains the daemon's time zone.
askDay().then(askNow);
