/// One place for every sender; what waits there is replaced by what comes later, so nothing queues and nothing lags.
///
/// Takes turns: of all that waits, the sender who was served longest ago comes next, and of those the one who has waited
/// longest. Pure; `Exchange` puts a lock around it.
struct Mailbox<Sender: Hashable & Sendable, Item: Sendable>: Sendable {
  private struct Slot {
    var item: Item
    var arrival: Int
  }

  private var slots: [Sender: Slot] = [:]
  private var served: [Sender: Int] = [:]
  private var arrivals = 0
  private var turns = 0

  var isEmpty: Bool { slots.isEmpty }

  /// Leaves an item and returns what makes room for it.
  ///
  /// That is the sender's own item, and the oldest of the group's where more than `most` would wait.
  mutating func leave(
    _ item: Item, from sender: Sender, group: ((Sender) -> Bool)? = nil, most: Int = .max
  ) -> [Item] {
    arrivals += 1
    var displaced = slots[sender].map { [$0.item] } ?? []
    slots[sender] = Slot(item: item, arrival: arrivals)
    guard let group else { return displaced }
    let waiting = slots.filter { group($0.key) }.sorted { $0.value.arrival < $1.value.arrival }
    for (oldest, slot) in waiting.dropLast(most) {
      slots[oldest] = nil
      displaced.append(slot.item)
    }
    return displaced
  }

  /// Takes the item whose turn it is; `nil` when none waits.
  mutating func next() -> (sender: Sender, item: Item)? {
    let chosen = slots.min { (served[$0.key] ?? 0, $0.value.arrival) < (served[$1.key] ?? 0, $1.value.arrival) }
    guard let (sender, slot) = chosen else { return nil }
    slots[sender] = nil
    turns += 1
    served[sender] = turns
    return (sender, slot.item)
  }

  /// Takes out, in no order, what waits from certain senders, and forgets their turns.
  mutating func withdraw(where isGone: (Sender) -> Bool) -> [Item] {
    let gone = slots.filter { isGone($0.key) }
    for sender in gone.keys { slots[sender] = nil }
    served = served.filter { !isGone($0.key) }
    return gone.map(\.value.item)
  }

  func waits(where matches: (Sender) -> Bool) -> Bool { slots.keys.contains(where: matches) }
}
