// Classes, strings, arrays with sort and a Map, all on the heap of AssemblyScript's own runtime.

abstract class Item {
  constructor(public name: string, public count: i32) {}
  abstract price(): f64;
  total(): f64 { return this.price() * <f64>this.count; }
}

class Plain extends Item {
  constructor(name: string, count: i32, private each: f64) { super(name, count); }
  price(): f64 { return this.each; }
}

class Reduced extends Plain {
  price(): f64 { return Math.round(super.price() * 75) / 100; }
}

const names = ["bolt", "nut", "washer", "gear", "spring"];

function stock(count: i32): Map<string, Item> {
  const all = new Map<string, Item>();
  for (let i = 0; i < count; i++) {
    const name = names[i % names.length] + (i < names.length ? "" : "-" + (i / names.length).toString());
    const each = 0.25 + <f64>(i * 37 % 11) / 8;
    all.set(name, i % 3 == 2 ? new Reduced(name, i + 1, each) : new Plain(name, i + 1, each));
  }
  return all;
}

/** What a stock of so many kinds is worth. */
export function worth(count: i32): f64 {
  const all = stock(count);
  let sum = 0.0;
  const items = all.values();
  for (let i = 0; i < items.length; i++) sum += items[i].total();
  return sum;
}

/** A hash of the names, the dearest first. */
export function order(count: i32): u32 {
  const items = stock(count).values();
  items.sort((a, b) => a.total() < b.total() ? 1 : a.total() > b.total() ? -1 : a.name < b.name ? -1 : 1);
  let hash: u32 = 2166136261;
  const text = items.map<string>((item: Item) => item.name.toUpperCase()).join(",");
  for (let i = 0; i < text.length; i++) hash = (hash ^ text.charCodeAt(i)) * 16777619;
  return hash;
}

/** How many there are of a kind; a number of no kind traps. */
export function available(count: i32, kind: i32): i32 {
  const all = stock(count);
  const name = names[kind];
  return all.has(name) ? all.get(name).count : 0;
}
