// Keeps accounts, with the readers, writers, hash maps, lists and sorting of zig's std: each line of standard input has a
// name and an amount. Says what is wrong with a line, and prints every name with its balance, the richest first.
const std = @import("std");

const Account = struct {
    name: []const u8,
    balance: i64 = 0,
    entries: u32 = 0,

    fn richer(_: void, a: Account, b: Account) bool {
        return if (a.balance == b.balance) std.mem.lessThan(u8, a.name, b.name) else a.balance > b.balance;
    }
};

const Wrong = error{ NoAmount, TooMuch };

fn book(accounts: *std.StringHashMap(Account), allocator: std.mem.Allocator, line: []const u8) !void {
    var words = std.mem.tokenizeAny(u8, line, " \t");
    const name = words.next() orelse return;
    const amount = try std.fmt.parseInt(i64, words.next() orelse return Wrong.NoAmount, 10);
    if (words.next() != null) return Wrong.TooMuch;
    const found = try accounts.getOrPut(name);
    if (!found.found_existing) {
        found.key_ptr.* = try allocator.dupe(u8, name);
        found.value_ptr.* = .{ .name = found.key_ptr.* };
    }
    found.value_ptr.balance = try std.math.add(i64, found.value_ptr.balance, amount);
    found.value_ptr.entries += 1;
}

pub fn main(init: std.process.Init) !void {
    const allocator = init.arena.allocator();
    var accounts = std.StringHashMap(Account).init(allocator);
    var input: [256]u8 = undefined;
    var output: [256]u8 = undefined;
    var reader = std.Io.File.stdin().reader(init.io, &input);
    var writer = std.Io.File.stdout().writer(init.io, &output);
    const out = &writer.interface;

    var number: u32 = 1;
    while (try reader.interface.takeDelimiter('\n')) |line| : (number += 1) {
        book(&accounts, allocator, line) catch |wrong| try out.print("line {d}: {s}\n", .{ number, @errorName(wrong) });
    }

    var sorted: std.ArrayList(Account) = .empty;
    var each = accounts.valueIterator();
    while (each.next()) |account| try sorted.append(allocator, account.*);
    std.mem.sort(Account, sorted.items, {}, Account.richer);
    for (sorted.items) |account| {
        try out.print("{s}: {d} in {d}\n", .{ account.name, account.balance, account.entries });
    }
    try out.flush();
    if (sorted.items.len == 0) std.process.exit(1);
}
