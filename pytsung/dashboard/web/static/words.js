// How figures are spelled for people: as in the report and on the terminal.

export function whole(value) {
  return Math.round(value ?? 0).toLocaleString("en-US");
}

export function digits(value) {
  if (!value) return "0";
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  const text = value.toLocaleString("en-US", { maximumFractionDigits: Math.min(decimals, 9) });
  return text;
}

export function count(value) {
  return Math.abs(value) >= 100 || Number.isInteger(value) ? whole(value) : digits(value);
}

export function time(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (Math.abs(seconds) < 1) return `${digits(seconds * 1000)} ms`;
  if (Math.abs(seconds) < 60) return `${digits(seconds)} s`;
  return clock(seconds);
}

export function clock(seconds) {
  const all = Math.max(0, Math.floor(seconds));
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(all / 3600), Math.floor((all % 3600) / 60)];
  return hours ? `${hours}:${two(minutes)}:${two(all % 60)}` : `${minutes}:${two(all % 60)}`;
}

export function percent(part) {
  return part === null || part === undefined ? "–" : `${digits(part * 100)} %`;
}

function stepped(value, units) {
  let at = 0;
  while (Math.abs(value) >= 1000 && at < units.length - 1) {
    value /= 1000;
    at += 1;
  }
  return `${digits(value)} ${units[at]}`;
}

export function size(bytes) {
  return stepped(bytes, ["B", "kB", "MB", "GB", "TB"]);
}

export function bits(perSecond) {
  return stepped(perSecond, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s"]);
}
