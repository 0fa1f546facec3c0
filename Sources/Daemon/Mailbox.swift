/// One slot per sender; a newer item replaces the waiting one, so nothing queues up and nothing lags.
///
/// The earliest deadline comes first. A replacement inherits its predecessor's deadline, so under load nobody waits
/// indefinitely and all are slowed equally. Pure; `Exchange` puts a lock around it.
struct Mailbox<Sender: Hashable & Sendable, Item: Sendable>: Sendable {
  private struct Slot {
    var item: Item
    var deadline: Duration
    var arrival: Int
  }

  private var slots: [Sender: Slot] = [:]
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
    slots[sender] = Slot(item: item, deadline: min(deadline, before?.deadline ?? deadline), arrival: arrivals)
    guard let group else { return displaced }
    let waiting = slots.filter { group($0.key) }.sorted { $0.value.arrival < $1.value.arrival }
    for (oldest, slot) in waiting.dropLast(most) {
      slots[oldest] = nil
      displaced.append(slot.item)
    }
    return displaced
  }

  /// Takes the item with the earliest deadline, and of several with one deadline the oldest; `nil` when none waits.
  ///
  /// Items of `busy` senders stay where they are.
  mutating func next(except busy: Set<Sender> = []) -> (sender: Sender, item: Item)? {
    let chosen = slots.lazy.filter { !busy.contains($0.key) }
      .min { ($0.value.deadline, $0.value.arrival) < ($1.value.deadline, $1.value.arrival) }
    guard let (sender, slot) = chosen else { return nil }
    slots[sender] = nil
    return (sender, slot.item)
  }

  /// Removes the items waiting from matching senders, in no particular order.
  mutating func withdraw(where isGone: (Sender) -> Bool) -> [Item] {
    let gone = slots.filter { isGone($0.key) }
    for sender in gone.keys { slots[sender] = nil }
    return gone.map(\.value.item)
  }

  func waits(where matches: (Sender) -> Bool) -> Bool { slots.keys.contains(where: matches) }
}
