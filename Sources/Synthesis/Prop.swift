/// A thing that a person handles.
struct Prop: Sendable {
  /// What the thing is, which decides its shape and colour.
  enum Kind: Sendable {
    case cup, pillBox, phone, book, tablet, laptop, spoon, knife, pot, board, plate, sponge, parcel
  }

  /// Where the thing is.
  enum Place: Equatable, Sendable {
    case hand(Side)
    /// In both hands.
    case hands
    /// On the lap.
    case lap
    /// In the room, rotated about the vertical.
    case spot(SIMD3<Float>, turn: Float)
    case away
  }

  var kind: Kind
  /// Where it is from each time on, in order of time.
  var places: [(time: Float, place: Place)]

  func place(at time: Float) -> Place { places.last { $0.time <= time }?.place ?? places.first?.place ?? .away }
}
