/// One place for every sender; what waits there is replaced by what comes later, so nothing queues and nothing lags.
///
/// The earliest deadline comes next. What replaces an item inherits its deadline, so that under load nobody waits for ever
/// and all are slowed alike. Pure; `Exchange` puts a lock around it.
struct Mailbox<Sender: Hashable & Sendable, Item: Sendable>: Sendable {
  private struct Slot {
    var item: Item
    var deadline: Duration
    var arrival: Int
  }

  private var slots: [Sender: Slot] = [:]
  private var arrivals = 0

  var isEmpty: Bool { slots.isEmpty }

  /// Leaves an item and returns what makes room for it.
  ///
  /// That is the sender's own item, and the oldest of the group's where more than `most` would wait.
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
  /// - Parameter busy: senders whose items stay where they are.
  mutating func next(except busy: Set<Sender> = []) -> (sender: Sender, item: Item)? {
    let chosen = slots.lazy.filter { !busy.contains($0.key) }
      .min { ($0.value.deadline, $0.value.arrival) < ($1.value.deadline, $1.value.arrival) }
    guard let (sender, slot) = chosen else { return nil }
    slots[sender] = nil
    return (sender, slot.item)
  }

  /// Takes out, in no order, what waits from certain senders.
  mutating func withdraw(where isGone: (Sender) -> Bool) -> [Item] {
    let gone = slots.filter { isGone($0.key) }
    for sender in gone.keys { slots[sender] = nil }
    return gone.map(\.value.item)
  }

  func waits(where matches: (Sender) -> Bool) -> Bool { slots.keys.contains(where: matches) }
}
