/// Places tensors in one arena, so that tensors that are never alive at the same time share memory.
///
/// Largest first, each at the lowest offset that is free during its lifetime; for this kind of network within a few
/// percent of the peak of live memory.
struct MemoryPlan {
  /// A tensor's size, and the first and last step during which it must be kept.
  struct Reservation {
    var byteCount: Int
    var life: ClosedRange<Int>
  }

  /// The offset of each reservation, in the order given; multiples of 64.
  private(set) var offsets: [Int]
  /// Size of the arena.
  private(set) var byteCount = 0

  init(_ reservations: [Reservation]) {
    offsets = Array(repeating: 0, count: reservations.count)
    var placed: [(bytes: Range<Int>, life: ClosedRange<Int>)] = []
    let largestFirst = reservations.indices.sorted { reservations[$0].byteCount > reservations[$1].byteCount }
    for index in largestFirst {
      let reservation = reservations[index]
      let size = (reservation.byteCount + 63) / 64 * 64
      var offset = 0
      for other in placed where other.life.overlaps(reservation.life) {
        if offset + size <= other.bytes.lowerBound { break }
        offset = max(offset, other.bytes.upperBound)
      }
      offsets[index] = offset
      byteCount = max(byteCount, offset + size)
      let place = placed.firstIndex { $0.bytes.lowerBound > offset } ?? placed.endIndex
      placed.insert((offset..<(offset + size), reservation.life), at: place)
    }
  }
}
