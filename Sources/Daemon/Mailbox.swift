/// One slot per sender; a newer item replaces the waiting one, so nothing queues up and nothing lags.
///
/// The earliest deadline comes first, brought forward by what the sender went without when its items were replaced. It keeps
/// most of that credit when it is served; otherwise, of senders whose items come in the same order again and again, only the
/// last ones would be slowed. So under load all are slowed equally. Pure; `Exchange` puts a lock around it.
struct Mailbox<Sender: Hashable & Sendable, Item: Sendable>: Sendable {
  private struct Slot {
    var item: Item
    var deadline: Duration
    var arrival: Int
    /// Time that the sender went without.
    var credit: Duration

    var order: (Duration, Int) { (deadline - credit, arrival) }
  }

  /// Part of a sender's credit that is left when it is served.
  private static var kept: Double { 0.9 }
  /// Credits of senders that have left nothing for so many items are forgotten.
  private static var memory: Int { 1000 }

  private var slots: [Sender: Slot] = [:]
  /// Of senders without an item: what is left of their credit, and when they were served.
  private var credits: [Sender: (credit: Duration, arrival: Int)] = [:]
  private var arrivals = 0

  var isEmpty: Bool { slots.isEmpty }

  /// Leaves an item and returns the items dropped to make room.
  ///
  /// These are the sender's own previous item, and the group's oldest if more than `most` would wait.
  mutating func leave(
    _ item: Item, from sender: Sender, deadline: Duration, group: ((Sender) -> Bool)? = nil, most: Int = .max
  ) -> [Item] {
    arrivals += 1
    let before = slots[sender]
    var displaced = before.map { [$0.item] } ?? []
    let credit =
      before.map { $0.credit + max(.zero, deadline - $0.deadline) } ?? credits.removeValue(forKey: sender)?.credit
    slots[sender] = Slot(
      item: item, deadline: before.map { max($0.deadline, deadline) } ?? deadline, arrival: arrivals,
      // Who is new is not behind those that wait.
      credit: credit ?? slots.values.lazy.map(\.credit).min() ?? .zero)
    guard let group else { return displaced }
    let waiting = slots.filter { group($0.key) }.sorted { $0.value.arrival < $1.value.arrival }
    for (oldest, slot) in waiting.dropLast(most) {
      slots[oldest] = nil
      displaced.append(slot.item)
    }
    return displaced
  }

  /// Takes the item whose turn it is, and of several the oldest; `nil` when none waits.
  ///
  /// Items of `busy` senders stay where they are.
  mutating func next(except busy: Set<Sender> = []) -> (sender: Sender, item: Item)? {
    let chosen = slots.lazy.filter { !busy.contains($0.key) }
      .min { $0.value.order < $1.value.order }
    guard let (sender, slot) = chosen else { return nil }
    slots[sender] = nil
    if slot.credit > .zero {
      credits[sender] = (slot.credit * Self.kept, arrivals)
      credits = credits.filter { arrivals - $0.value.arrival < Self.memory }
    }
    return (sender, slot.item)
  }

  /// Removes the items waiting from matching senders, in no particular order.
  mutating func withdraw(where isGone: (Sender) -> Bool) -> [Item] {
    let gone = slots.filter { isGone($0.key) }
    for sender in gone.keys { slots[sender] = nil }
    credits = credits.filter { !isGone($0.key) }
    return gone.map(\.value.item)
  }

  func waits(where matches: (Sender) -> Bool) -> Bool { slots.keys.contains(where: matches) }
}
