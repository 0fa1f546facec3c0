import Capture
import Glibc

/// Writes a performance: one action after the other, each with timing of its own.
struct Choreography {
  /// Where somebody is, and how.
  enum Situation: Equatable {
    case standing
    /// At the counter, behind it.
    case cooking
    case seated
    /// On the bed.
    case lying
    case onFloor
    case outside
  }

  let stage: Stage
  let manner: Manner
  var random: PlaceRandom
  private(set) var situation = Situation.standing
  private(set) var time: Float = 0
  private(set) var posture: Posture
  private var keys: [Performance.Key] = []
  private var swings: [Performance.Swing] = []
  private var props: [Prop] = []
  private var absences: [ClosedRange<Float>] = []
  private var door: [(time: Float, open: Float)] = [(0, 0)]
  private var actions: [(action: SyntheticAction, begin: Float, end: Float)] = []

  /// - Parameters:
  ///   - stage: where the furniture is.
  ///   - manner: who moves.
  ///   - random: all draws of this performance.
  ///   - situation: how it begins.
  ///   - action: what is done first, where it matters where somebody stands for it.
  init(stage: Stage, manner: Manner, random: PlaceRandom, situation: Situation, first action: SyntheticAction) {
    (self.stage, self.manner, self.random, self.situation) = (stage, manner, random, situation)
    posture = Posture(hips: .zero, hands: [], feet: [])
    let heading = self.random.uniform(-0.4...0.4)
    switch situation {
    case .standing:
      let spot = beginning(of: action)
      posture = standing(at: spot?.place ?? stage.floor, facing: (spot?.heading ?? 0) + heading)
    case .cooking: posture = standing(at: stage.atCounter, facing: 0)
    case .seated: posture = seated()
    case .lying: posture = lying(headLeft: self.random.uniform(0...1) < 0.5)
    case .onFloor:
      posture = standing(at: stage.floor, facing: heading)
      posture = fallen(heading, backward: self.random.uniform(0...1) < 0.35)
    case .outside: posture = standing(at: stage.door + SIMD3(-0.75, 0, 0), facing: .pi / 2)
    }
    keys.append(Performance.Key(time: 0, posture: posture, pace: .smooth))
  }

  func finished() -> Performance {
    Performance(
      manner: manner, keys: keys, swings: swings, props: props, absences: absences, door: door, duration: time,
      actions: actions)
  }

  var actionCount: Int { actions.count }

  /// What was done after so many actions.
  func actionsSince(_ count: Int) -> [SyntheticAction] { actions[count...].map(\.action) }

  // MARK: Words of the language

  private var main: Side { manner.dominant }
  private var other: Side { manner.dominant.other }

  private mutating func vary(_ range: ClosedRange<Float>) -> Float { random.uniform(range) }
  private mutating func chance(_ share: Float) -> Bool { random.uniform(0...1) < share }

  /// Changes the posture over a time, which the person's pace stretches.
  private mutating func move(
    _ seconds: Float, _ pace: Performance.Pace = .smooth, _ change: (inout Posture) -> Void = { _ in }
  ) {
    change(&posture)
    time += seconds * (pace == .falling ? 1 : manner.slowness) * vary(0.85...1.2)
    keys.append(Performance.Key(time: time, posture: posture, pace: pace))
  }

  /// Stays as one is; seconds are seconds.
  private mutating func hold(_ seconds: Float) {
    time += seconds
    keys.append(Performance.Key(time: time, posture: posture, pace: .smooth))
  }

  private mutating func swing(
    _ side: Side, _ a: SIMD3<Float>, _ b: SIMD3<Float> = .zero, rate: Float, for seconds: Float, after delay: Float = 0
  ) {
    swings.append(
      Performance.Swing(
        side: side, a: a * manner.amplitude, b: b * manner.amplitude, rate: rate / manner.slowness, begin: time + delay,
        end: time + delay + seconds))
  }

  private mutating func bring(_ kind: Prop.Kind, _ place: Prop.Place) -> Int {
    props.append(Prop(kind: kind, places: [(0, .away), (time, place)]))
    return props.count - 1
  }

  private mutating func put(_ prop: Int, _ place: Prop.Place) { props[prop].places.append((time, place)) }

  private mutating func doing(_ action: SyntheticAction, _ body: (inout Choreography) -> Void) {
    let begin = time
    body(&self)
    actions.append((action, begin, time))
  }

  // MARK: Postures

  /// Arms at the sides.
  private func relaxed(_ posture: inout Posture) {
    for side in Side.allCases {
      posture[side] = Reach(.hips, side.sign * (manner.body.hipWidth / 2 + 0.16), -0.08, 0.06)
      posture.elbows[side.rawValue] = 0.3
    }
    (posture.twist, posture.bend, posture.nod, posture.turn) = (0, 0, manner.stoop * 0.3, 0)
    posture.lean = manner.stoop
  }

  private func standing(at place: SIMD3<Float>, facing heading: Float) -> Posture {
    let body = manner.body
    let turn = Rotation(aboutY: heading)
    var posture = Posture(
      hips: SIMD3(place.x, body.standing, place.z), heading: heading,
      hands: [Reach(.hips, 0, 0, 0), Reach(.hips, 0, 0, 0)],
      feet: Side.allCases.map {
        SIMD3(place.x, body.ankle, place.z) + turn.x * ($0.sign * body.hipWidth * 0.6)
      })
    relaxed(&posture)
    return posture
  }

  private func seated() -> Posture {
    let body = manner.body
    let (ahead, aside) = (stage.chairForward, Rotation(aboutY: stage.chairTurn).x)
    var posture = standing(at: stage.chair, facing: stage.chairTurn)
    posture.hips = stage.chair + SIMD3(0, 0.09 * body.girth, 0) - ahead * 0.04
    posture.feet = Side.allCases.map {
      stage.chair + ahead * (body.thigh * 0.98) + aside * ($0.sign * body.hipWidth * 0.7)
    }
    for index in 0..<2 { posture.feet[index].y = body.ankle }
    posture.lean = manner.stoop * 0.8
    for side in Side.allCases { posture[side] = Reach(.hips, side.sign * 0.14, 0.1, 0.32) }
    return posture
  }

  private func lying(headLeft: Bool) -> Posture {
    let body = manner.body
    // Feet point to +x when the head lies at -x.
    let heading: Float = headLeft ? .pi / 2 : -.pi / 2
    let ahead = Rotation(aboutY: heading).z
    var posture = standing(at: stage.bed, facing: heading)
    posture.hips = stage.bed + SIMD3(0, 0.11 * body.girth, 0)
    posture.pitch = -1.5
    posture.lean = 0.05
    posture.nod = 0.25
    posture.feet = Side.allCases.map {
      posture.hips + ahead * ((body.thigh + body.shin) * 0.97)
        + Rotation(aboutY: heading).x * ($0.sign * body.hipWidth * 0.6) - SIMD3(0, 0.04, 0)
    }
    for side in Side.allCases { posture[side] = Reach(.hips, side.sign * 0.26, 0.02, 0.06) }
    return posture
  }

  private func fallen(_ heading: Float, backward: Bool) -> Posture {
    let body = manner.body
    var posture = standing(at: SIMD3(posture.hips.x, 0, posture.hips.z), facing: heading)
    let ahead = Rotation(aboutY: heading).z
    posture.hips = SIMD3(posture.hips.x, 0.12 * body.girth, posture.hips.z) + ahead * (backward ? -0.25 : 0.3)
    posture.pitch = backward ? -1.45 : 1.45
    posture.lean = 0
    posture.nod = backward ? 0.3 : -0.3
    let along = ahead * (backward ? 1 : -1)
    posture.feet = Side.allCases.map {
      posture.hips + along * ((body.thigh + body.shin) * 0.93)
        + Rotation(aboutY: heading).x * ($0.sign * body.hipWidth * 0.9)
    }
    for index in 0..<2 { posture.feet[index].y = body.ankle * 1.2 }
    for side in Side.allCases {
      posture[side] = Reach(.chest, side.sign * 0.35, backward ? 0.05 : 0.25, backward ? -0.02 : 0.08)
      posture.elbows[side.rawValue] = 0.9
    }
    posture.knees = 0.5
    return posture
  }

  // MARK: Getting about

  /// Turns on the spot and walks straight to a place.
  private mutating func go(to place: SIMD3<Float>, facing heading: Float? = nil) {
    let here = SIMD3(posture.hips.x, 0, posture.hips.z)
    let way = place - here
    guard SIMD3(way.x, 0, way.z).length > 0.15 else {
      if let heading { turn(to: heading) }
      return
    }
    turn(to: atan2(way.x, way.z))
    let speed = vary(0.75...1.15) / manner.slowness
    var next = standing(at: place, facing: posture.heading)
    next.hands = posture.hands
    next.elbows = posture.elbows
    posture = next
    time += SIMD3(way.x, 0, way.z).length / speed
    keys.append(Performance.Key(time: time, posture: posture, pace: .walking))
    if let heading { turn(to: heading) }
  }

  /// On the spot, the shorter way.
  private mutating func turn(to heading: Float) {
    let difference = remainder(heading - posture.heading, 2 * .pi)
    guard abs(difference) > 0.1 else { return }
    let hands = posture.hands
    let target = posture.heading + difference
    let place = SIMD3(posture.hips.x, 0, posture.hips.z)
    move(0.25 + 0.35 * abs(difference)) { [self] posture in
      posture = standing(at: place, facing: target)
      posture.hands = hands
    }
  }

  /// Gets into a situation by whatever lies between.
  mutating func reach(_ target: Situation) {
    guard situation != target else { return }
    switch situation {
    case .seated: perform(.standUp)
    case .lying, .onFloor: perform(.getUp)
    case .outside where target != .outside: perform(.enter)
    default: break
    }
    switch target {
    case .standing:
      stroll(to: stage.floor + SIMD3(vary(-0.15...0.15), 0, vary(-0.15...0.15)), facing: vary(-0.5...0.5))
    case .cooking: stroll(to: stage.atCounter, facing: 0)
    case .seated: perform(.sitDown)
    case .lying: perform(.lieDown)
    case .onFloor: perform(.fall)
    case .outside: perform(.leave)
    }
    situation = target
  }

  // MARK: Actions

  /// The situations an action can begin in.
  static func situations(_ action: SyntheticAction) -> [Situation] {
    switch action {
    case .drink, .takePills, .phoneCall: [.seated, .standing]
    case .readBook: [.seated, .seated, .standing]
    case .useTablet, .useLaptop: [.seated]
    case .standUp: [.seated]
    case .stir, .cut, .cleanDishes: [.cooking]
    case .enter: [.outside]
    case .getUp: [.lying, .onFloor]
    case .idle: [.standing, .seated, .lying, .outside]
    case .unknown: [.standing, .standing, .seated]
    case .sitDown, .pickUp, .walk, .leave, .lieDown, .fall: [.standing]
    }
  }

  /// Where somebody stands to begin an action; `nil` where it does not matter.
  private func beginning(of action: SyntheticAction) -> (place: SIMD3<Float>, heading: Float)? {
    switch action {
    case .sitDown: (stage.beforeChair + stage.chairForward * 0.1, stage.chairTurn)
    case .lieDown: (stage.beforeBed, 0)
    case .leave: (stage.door + SIMD3(0.9, 0, 0.15), -.pi / 2)
    case .fall: (stage.floor, 0)
    default: nil
    }
  }

  /// Goes where an action begins; a way of some length is a walk of its own.
  private mutating func approach(_ action: SyntheticAction) {
    guard let spot = beginning(of: action) else { return }
    stroll(to: spot.place, facing: action == .fall ? nil : spot.heading)
  }

  private mutating func stroll(to place: SIMD3<Float>, facing heading: Float?) {
    let way = place - SIMD3(posture.hips.x, 0, posture.hips.z)
    let begin = time
    go(to: place, facing: heading)
    if way.length > 1 { actions.append((.walk, begin, time)) }
  }

  /// Lets the arms sink, and everything handled disappear.
  mutating func settle() {
    switch situation {
    case .standing, .cooking, .seated: rest()
    case .lying, .onFloor, .outside: break
    }
    for prop in props.indices where props[prop].place(at: time) != .away { put(prop, .away) }
  }

  /// Waits as one is.
  mutating func pause(_ seconds: Float) { hold(seconds) }

  /// Does one action from where one is; `seconds` is how long what has no end of its own goes on.
  mutating func perform(_ action: SyntheticAction, seconds: Float = 3.5) {
    approach(action)
    switch action {
    case .sitDown: doing(.sitDown) { $0.sitDown() }
    case .standUp: doing(.standUp) { $0.standUp() }
    case .lieDown: doing(.lieDown) { $0.lieDown() }
    case .getUp: doing(.getUp) { $0.getUp() }
    case .fall: doing(.fall) { $0.fall() }
    case .pickUp: doing(.pickUp) { $0.pickUp() }
    case .enter: doing(.enter) { $0.enter() }
    case .leave: doing(.leave) { $0.leave() }
    case .walk: doing(.walk) { $0.walk(seconds) }
    case .drink: doing(.drink) { $0.drink(seconds) }
    case .takePills: doing(.takePills) { $0.takePills(seconds) }
    case .phoneCall: doing(.phoneCall) { $0.phoneCall(seconds) }
    case .readBook: doing(.readBook) { $0.readBook(seconds) }
    case .useTablet: doing(.useTablet) { $0.useTablet(seconds) }
    case .useLaptop: doing(.useLaptop) { $0.useLaptop(seconds) }
    case .stir: doing(.stir) { $0.stir(seconds) }
    case .cut: doing(.cut) { $0.cut(seconds) }
    case .cleanDishes: doing(.cleanDishes) { $0.cleanDishes(seconds) }
    case .idle: doing(.idle) { $0.idle(seconds) }
    case .unknown: doing(.unknown) { $0.gesture(seconds) }
    }
  }

  private mutating func rest() {
    let isSeated = situation == .seated
    let base = isSeated ? seated() : standing(at: SIMD3(posture.hips.x, 0, posture.hips.z), facing: posture.heading)
    move(0.5) { $0 = base }
  }

  private mutating func sitDown() {
    let seat = seated()
    move(0.45) { [stage] posture in
      posture.lean = 0.75
      posture.hips = posture.hips.mixed(seat.hips, 0.35) + stage.chairForward * 0.03
      posture.feet = seat.feet
      for side in Side.allCases { posture[side] = Reach(.hips, side.sign * 0.2, 0.02, 0.25) }
    }
    move(0.55) { posture in
      posture = seat
      posture.lean = 0.35
    }
    move(0.45) { $0 = seat }
    situation = .seated
  }

  private mutating func standUp() {
    let place = stage.beforeChair + stage.chairForward * 0.1
    let up = standing(at: place, facing: stage.chairTurn)
    if chance(0.5) { move(0.3) { for side in Side.allCases { $0[side] = Reach(.hips, side.sign * 0.2, -0.02, 0.18) } } }
    move(0.5) { [stage] posture in
      posture.lean = 0.85
      posture.hips += SIMD3(0, 0.06, 0) + stage.chairForward * 0.08
    }
    move(0.55) { posture in
      let feet = posture.feet
      posture = up
      posture.lean = 0.35
      posture.feet = feet
      posture.hips = up.hips.mixed((feet[0] + feet[1]) / 2, 0.4)
      posture.hips.y = up.hips.y * 0.92
    }
    move(0.45) { $0 = up }
    situation = .standing
  }

  private mutating func lieDown() {
    let headLeft = chance(0.5)
    let lying = lying(headLeft: headLeft)
    let bed = stage.bed
    move(0.5) { posture in
      posture.lean = 0.7
      posture.hips = SIMD3(posture.hips.x, posture.hips.y * 0.75, posture.hips.z - 0.12)
    }
    move(0.5) { [manner] posture in
      posture.hips = SIMD3(bed.x, bed.y + 0.09 * manner.body.girth, bed.z + 0.25)
      posture.lean = 0.3
    }
    move(0.8) { posture in
      posture.hips = lying.hips + SIMD3(0, 0.02, 0.08)
      posture.heading = lying.heading * 0.6
      posture.pitch = -0.7
      posture.lean = 0.2
      posture.feet = zip(posture.feet, lying.feet).map { $0.mixed($1, 0.6) + SIMD3(0, 0.12, 0.1) }
      posture.knees = 0.3
    }
    move(0.8) { $0 = lying }
    hold(vary(0.4...1))
    situation = .lying
  }

  private mutating func getUp() {
    if situation == .onFloor {
      let place = SIMD3(posture.hips.x, 0, posture.hips.z)
      let up = standing(at: place, facing: posture.heading)
      move(0.8) { posture in
        posture.pitch *= 0.5
        posture.hips.y = 0.22
        posture.feet = zip(posture.feet, up.feet).map { $0.mixed($1, 0.5) }
      }
      move(0.8) { posture in
        posture.pitch = 0
        posture.lean = 0.9
        posture.hips = SIMD3(place.x, up.hips.y * 0.5, place.z)
        posture.feet = up.feet
        for side in Side.allCases { posture[side] = Reach(.chest, side.sign * 0.2, -0.4, 0.35) }
      }
      move(0.8) { $0 = up }
    } else {
      let (bed, body) = (stage.bed, manner.body)
      let edge = standing(at: stage.beforeBed, facing: 0)
      move(0.6) { posture in
        posture.pitch = -0.6
        posture.heading *= 0.7
        posture.feet = zip(posture.feet, edge.feet).map { $0.mixed($1, 0.4) + SIMD3(0, 0.12, 0) }
        posture.knees = 0.3
      }
      move(0.7) { posture in
        posture = edge
        posture.hips = SIMD3(bed.x, bed.y + 0.09 * body.girth, bed.z + 0.25)
        posture.lean = 0.3
      }
      move(0.5) { posture in
        posture.lean = 0.8
        posture.hips = SIMD3(edge.hips.x, edge.hips.y * 0.7, edge.hips.z - 0.15)
      }
      move(0.5) { $0 = edge }
    }
    situation = .standing
  }

  private mutating func fall() {
    // A stagger, or none.
    if chance(0.6) {
      let bend = vary(-0.3...0.3)
      move(0.35) { posture in
        posture.bend = bend
        posture.lean = 0.3
        for side in Side.allCases { posture[side] = Reach(.chest, side.sign * 0.45, -0.1, 0.25) }
      }
    }
    let backward = chance(0.35)
    let down = fallen(posture.heading + vary(-0.6...0.6), backward: backward)
    let now = posture
    move(vary(0.25...0.4), .falling) { posture in
      posture.hips = now.hips.mixed(down.hips, 0.35)
      posture.pitch = down.pitch * 0.35
      posture.lean = backward ? 0.2 : 0.4
      for side in Side.allCases { posture[side] = Reach(.chest, side.sign * 0.35, 0.05, backward ? -0.3 : 0.45) }
    }
    move(vary(0.25...0.4), .even) { $0 = down }
    hold(vary(0.8...1.8))
    situation = .onFloor
  }

  private mutating func pickUp() {
    let hand = chance(0.85) ? main : other
    let ahead = Rotation(aboutY: posture.heading)
    let spot =
      SIMD3(posture.hips.x, 0.05, posture.hips.z) + ahead.z * vary(0.3...0.45) + ahead.x
      * (hand.sign * vary(0.05...0.2))
    let thing = bring([.parcel, .book, .phone, .cup][Int(vary(0...3.99))], .spot(spot, turn: vary(0...3)))
    let squat = vary(0.1...0.6)
    hold(vary(0.1...0.4))
    let up = posture
    move(0.9) { [manner] posture in
      posture.lean = mixed(1.55, 0.8, squat)
      posture.nod = -0.3
      posture.hips.y = manner.body.standing * mixed(0.85, 0.5, squat)
      posture.hips -= ahead.z * mixed(0.12, 0.05, squat)
      posture[hand] = Reach(.room, spot)
      posture.knees = 0.4
    }
    hold(vary(0.1...0.3))
    put(thing, .hand(hand))
    move(0.9) { posture in
      posture = up
      posture[hand] = Reach(.chest, hand.sign * 0.15, -0.25, 0.35)
    }
    hold(vary(0.2...0.5))
  }

  private mutating func walk(_ seconds: Float) {
    let end = time + seconds
    let places = [
      SIMD3<Float>(-0.75, 0, 0.75), SIMD3(0.3, 0, 0.85), stage.floor, stage.beforeBed + SIMD3(0.3, 0, 0.1),
      SIMD3(-0.1, 0, -0.35),
    ]
    var last = -1
    repeat {
      var next = Int(vary(0...4.99))
      if next == last { next = (next + 1) % places.count }
      last = next
      go(to: places[next] + SIMD3(vary(-0.2...0.2), 0, vary(-0.15...0.15)))
    } while time < end
  }

  private mutating func enter() {
    // Behind the wall nobody is seen.
    let threshold = stage.door
    posture = standing(at: threshold + SIMD3(-0.75, 0, 0), facing: .pi / 2)
    keys.append(Performance.Key(time: time, posture: posture, pace: .smooth))
    door.append((time, 0))
    hold(vary(0.2...0.5))
    door.append((time, 1))
    go(to: threshold + SIMD3(0.45, 0, 0.05))
    if chance(0.6) {
      let behind = chance(0.5) ? Side.right : .left
      move(0.4) { posture in
        posture[behind] = Reach(.chest, behind.sign * 0.4, -0.25, -0.1)
        posture.twist = behind.sign * 0.3
      }
      door.append((time, 1))
      move(0.4)
      door.append((time, 0))
      move(0.3) { [self] in relaxed(&$0) }
    } else {
      door.append((time, 1))
    }
    go(to: SIMD3(vary(-0.6...0.1), 0, vary(0...0.4)))
    situation = .standing
  }

  private mutating func leave() {
    let threshold = stage.door
    go(to: threshold + SIMD3(0.5, 0, 0.05), facing: -.pi / 2)
    door.append((time, door.last?.open ?? 0))
    move(0.4) { [main] in $0[main] = Reach(.chest, main.sign * 0.12, -0.3, 0.45) }
    move(0.4)
    door.append((time, 1))
    move(0.3) { [self] in relaxed(&$0) }
    go(to: threshold + SIMD3(-0.75, 0, 0))
    door.append((time, 1))
    hold(vary(0.3...0.6))
    door.append((time, 0))
    situation = .outside
  }

  /// Takes a thing: from the low table when seated, from nowhere when standing with it in the hand.
  private mutating func take(_ kind: Prop.Kind, _ hand: Side) -> Int {
    guard situation == .seated else {
      let prop = bring(kind, .hand(hand))
      move(0.4) { $0[hand] = Reach(.chest, hand.sign * 0.1, -0.25, 0.32) }
      return prop
    }
    let spot = stage.table + SIMD3(vary(-0.12...0.12), 0, vary(-0.08...0.02))
    let prop = bring(kind, .spot(spot, turn: vary(-1...1)))
    move(0.8) { posture in
      posture[hand] = Reach(.room, spot + SIMD3(0, 0.06, 0))
      posture.lean = 0.6
    }
    put(prop, .hand(hand))
    move(0.6) { [manner] posture in
      posture[hand] = Reach(.chest, hand.sign * 0.1, -0.25, 0.32)
      posture.lean = manner.stoop
    }
    return prop
  }

  private mutating func drink(_ seconds: Float) {
    let end = time + seconds
    let hand = chance(0.9) ? main : other
    _ = take(.cup, hand)
    repeat {
      let tilt = vary(-0.35 ... -0.15)
      move(0.7) { posture in
        posture[hand] = Reach(.head, hand.sign * 0.04, -0.1, 0.15)
        posture.nod = tilt
        posture.elbows[hand.rawValue] = 0.6
      }
      hold(vary(0.7...1.4))
      move(0.7) { [manner] posture in
        posture[hand] = Reach(.chest, hand.sign * 0.1, -0.25, 0.32)
        posture.nod = manner.stoop * 0.3
        posture.elbows[hand.rawValue] = 0.35
      }
      hold(vary(0.1...0.5))
    } while time < end - 1.2
  }

  /// Pills from one hand into the mouth, head back; then often a sip.
  private mutating func takePills(_ seconds: Float) {
    let end = time + seconds
    let box = take(.pillBox, other)
    // Shakes them into the palm.
    let shake = vary(0.6...1)
    move(0.4) { [main, other] posture in
      posture[other] = Reach(.chest, other.sign * 0.03, -0.2, 0.3)
      posture[main] = Reach(.chest, main.sign * 0.05, -0.28, 0.3)
      posture.nod = 0.4
    }
    swing(other, SIMD3(0, 0.025, 0), rate: 3.5, for: shake)
    hold(shake)
    move(0.4) { [main] posture in
      posture[main] = Reach(.head, main.sign * 0.02, -0.08, 0.11)
      posture.elbows[main.rawValue] = 0.6
    }
    move(0.25) { $0.nod = -0.45 }
    hold(vary(0.1...0.3))
    move(0.5) { [main, manner] posture in
      posture[main] = Reach(.chest, main.sign * 0.15, -0.35, 0.25)
      posture.nod = manner.stoop * 0.3
      posture.elbows[main.rawValue] = 0.35
    }
    put(box, .hand(other))
    if time < end - 1.5 || chance(0.5) {
      _ = take(.cup, main)
      move(0.6) { [main] posture in
        posture[main] = Reach(.head, main.sign * 0.04, -0.1, 0.15)
        posture.nod = -0.3
      }
      hold(vary(0.4...0.8))
      move(0.6) { [main] posture in
        posture[main] = Reach(.chest, main.sign * 0.1, -0.25, 0.32)
        posture.nod = 0
      }
    }
  }

  private mutating func phoneCall(_ seconds: Float) {
    let end = time + seconds
    let hand = chance(0.75) ? main : other
    _ = take(.phone, hand)
    move(0.7) { posture in
      posture[hand] = Reach(.head, hand.sign * 0.11, -0.04, 0.03)
      posture.elbows[hand.rawValue] = 0.55
      posture.bend = -hand.sign * 0.06
    }
    repeat {
      let (nod, turn) = (vary(-0.15...0.25), vary(-0.35...0.35))
      let gestures = chance(0.35)
      let free = hand.other
      let reach = Reach(.chest, free.sign * vary(0.2...0.35), vary(-0.4 ... -0.15), vary(0.2...0.4))
      move(0.7) { posture in
        (posture.nod, posture.turn) = (nod, turn)
        if gestures { posture[free] = reach }
      }
      hold(vary(0.3...1))
    } while time < end
  }

  /// Both hands before the chest, on the lap when seated.
  private mutating func holdUp(_ kind: Prop.Kind, apart: Float, _ low: Bool) -> Int {
    let prop = bring(kind, .hands)
    let height = low ? vary(-0.42 ... -0.34) : vary(-0.3 ... -0.18)
    let (nod, distance) = (vary(0.3...0.5), vary(0.27...0.36))
    move(0.6) { posture in
      for side in Side.allCases {
        posture[side] = Reach(.chest, side.sign * apart, height, distance)
        posture.elbows[side.rawValue] = 0.25
      }
      posture.nod = nod
      posture.lean = 0.12
    }
    return prop
  }

  private mutating func readBook(_ seconds: Float) {
    let end = time + seconds
    _ = holdUp(.book, apart: 0.11, situation == .seated)
    repeat {
      // Eyes along the lines, then a page.
      let turn = vary(-0.12...0.12)
      move(0.5) { $0.turn = turn }
      hold(vary(0.5...1.2))
      if chance(0.6) {
        let held = posture[main]
        move(0.35) { [main] posture in
          posture[main].offset.x -= main.sign * 0.02
          posture[main].offset.y += 0.05
        }
        move(0.35) { [main] in $0[main].offset.x -= main.sign * 0.17 }
        move(0.4) { [main] in $0[main] = held }
      }
    } while time < end
  }

  /// One hand holds, a finger of the other taps and swipes.
  private mutating func useTablet(_ seconds: Float) {
    let end = time + seconds
    let prop = holdUp(.tablet, apart: 0.11, true)
    put(prop, .hand(other))
    let base = posture[other].offset
    repeat {
      let target = base + SIMD3(-other.sign * vary(0.08...0.2), vary(0...0.12), vary(-0.02...0.04))
      move(0.3) { [main] in $0[main] = Reach(.chest, target) }
      if chance(0.5) {
        swing(main, SIMD3(0.07, 0.01, 0), rate: vary(1.2...2), for: 0.9)
        hold(0.9)
      } else {
        swing(main, SIMD3(0, 0.02, 0.01), rate: vary(2...3), for: 0.8)
        hold(0.8)
      }
    } while time < end
  }

  private mutating func useLaptop(_ seconds: Float) {
    let end = time + seconds
    _ = bring(.laptop, .lap)
    let nod = vary(0.25...0.4)
    move(0.5) { posture in
      for side in Side.allCases { posture[side] = Reach(.hips, side.sign * 0.08, 0.17, 0.36) }
      posture.nod = nod
      posture.lean = 0.15
    }
    repeat {
      let length = vary(0.8...1.8)
      for side in Side.allCases {
        swing(side, SIMD3(0.035, 0, 0.01), SIMD3(0, 0.014, 0), rate: vary(1.6...3), for: length)
      }
      hold(length)
      // To the touch pad and back, or a look.
      if chance(0.5) {
        move(0.3) { [main] in $0[main] = Reach(.hips, main.sign * 0.02, 0.16, 0.28) }
        hold(vary(0.2...0.6))
        move(0.3) { [main] in $0[main] = Reach(.hips, main.sign * 0.08, 0.17, 0.36) }
      }
    } while time < end
  }

  /// Over the counter, in the room.
  private func overCounter(_ x: Float, _ y: Float, _ z: Float) -> SIMD3<Float> {
    stage.counter + SIMD3(x, y, z - 0.12)
  }

  private mutating func stir(_ seconds: Float) {
    let side = main.sign * vary(0...0.1)
    _ = bring(.pot, .spot(overCounter(side, 0.07, 0.05), turn: 0))
    _ = bring(.spoon, .hand(main))
    let radius = vary(0.035...0.06)
    move(0.5) { [self] posture in
      posture[main] = Reach(.room, overCounter(side, 0.22, 0.03))
      posture[other] = Reach(.room, overCounter(side + other.sign * 0.18, 0.08, 0.03))
      posture.nod = 0.45
      posture.lean = 0.15
      posture.elbows[main.rawValue] = 0.6
    }
    swing(main, SIMD3(radius, 0, 0), SIMD3(0, 0.005, radius), rate: vary(0.9...1.6), for: seconds)
    hold(seconds)
  }

  private mutating func cut(_ seconds: Float) {
    let end = time + seconds
    _ = bring(.board, .spot(overCounter(0, 0.012, 0.03), turn: vary(-0.2...0.2)))
    _ = bring(.knife, .hand(main))
    let rate = vary(1.8...3)
    move(0.5) { [self] posture in
      posture[main] = Reach(.room, overCounter(main.sign * 0.04, 0.1, 0.02))
      posture[other] = Reach(.room, overCounter(other.sign * 0.08, 0.06, 0.04))
      posture.nod = 0.5
      posture.lean = 0.2
      posture.elbows[main.rawValue] = 0.5
    }
    repeat {
      let length = vary(1...2)
      swing(main, SIMD3(0, 0.035, 0), SIMD3(0, 0, 0.025), rate: rate, for: length)
      let shift = vary(-0.06...0.06)
      hold(length)
      move(0.3) { [main, other] posture in
        posture[main].offset.x += shift
        posture[other].offset.x += shift
      }
    } while time < end
  }

  private mutating func cleanDishes(_ seconds: Float) {
    let end = time + seconds
    let plate = bring(.plate, .hand(other))
    _ = bring(.sponge, .hand(main))
    let lift = vary(0.12...0.2)
    move(0.5) { [self] posture in
      posture[other] = Reach(.room, overCounter(other.sign * 0.1, lift, 0))
      posture[main] = Reach(.room, overCounter(main.sign * -0.02, lift + 0.03, 0.02))
      posture.nod = 0.45
      posture.lean = 0.15
    }
    repeat {
      let length = vary(1.2...2.2)
      let radius = vary(0.03...0.055)
      swing(main, SIMD3(radius, radius * 0.5, 0), SIMD3(0, radius, 0.01), rate: vary(1.2...2.2), for: length)
      hold(length)
      if chance(0.5) {
        // Away with it, and the next.
        let spot = overCounter(other.sign * 0.3, 0.02, 0)
        move(0.5) { [other] in $0[other] = Reach(.room, spot + SIMD3(0, 0.03, 0)) }
        put(plate, .spot(spot, turn: 0))
        hold(0.15)
        put(plate, .hand(other))
        move(0.5) { [self] in $0[other] = Reach(.room, overCounter(other.sign * 0.1, lift, 0)) }
      }
    } while time < end
  }

  private mutating func idle(_ seconds: Float) {
    if situation == .outside { absences.append(time...(time + seconds)) }
    let end = time + seconds
    repeat {
      let (turn, nod) = (vary(-0.5...0.5), vary(-0.1...0.2))
      if situation == .lying || situation == .outside {
        hold(1)
      } else {
        move(0.8) { ($0.turn, $0.nod) = (turn, nod) }
        hold(vary(0.8...2))
      }
    } while time < end
  }

  /// Motion that is none of the activities.
  private mutating func gesture(_ seconds: Float) {
    let end = time + seconds
    repeat {
      switch Int(vary(0...7.99)) {
      case 0:  // stretches
        move(0.9) { posture in
          for side in Side.allCases { posture[side] = Reach(.chest, side.sign * 0.25, 0.55, 0.05) }
          posture.nod = -0.2
          posture.lean = -0.12
        }
        hold(vary(0.4...1))
      case 1:  // waves
        move(0.5) { [main] posture in
          posture[main] = Reach(.chest, main.sign * 0.4, 0.25, 0.2)
          posture.elbows[main.rawValue] = 0.7
        }
        swing(main, SIMD3(0.13, 0.02, 0), rate: vary(1.2...2), for: 1.4)
        hold(1.4)
      case 2:  // scratches the back of the head
        move(0.6) { [main] posture in
          posture[main] = Reach(.head, main.sign * 0.05, 0.06, -0.11)
          posture.elbows[main.rawValue] = 0.95
        }
        swing(main, SIMD3(0.02, 0.03, 0), rate: 3, for: 1)
        hold(1)
      case 3:  // claps
        move(0.4) { for side in Side.allCases { $0[side] = Reach(.chest, side.sign * 0.12, -0.12, 0.35) } }
        for side in Side.allCases { swing(side, SIMD3(side.sign * 0.1, 0, 0), rate: vary(1.8...2.6), for: 1.6) }
        hold(1.6)
      case 4:  // folds the arms
        move(0.7) { for side in Side.allCases { $0[side] = Reach(.chest, -side.sign * 0.12, -0.2, 0.2) } }
        hold(vary(0.6...1.4))
      case 5:  // points somewhere
        let (x, y) = (vary(0.1...0.5), vary(-0.1...0.3))
        move(0.6) { [main] in $0[main] = Reach(.chest, main.sign * x, y, 0.55) }
        hold(vary(0.4...1))
      case 6 where situation == .standing:  // bends to the side, hands on the hips
        let bend = chance(0.5) ? Float(0.45) : -0.45
        move(0.5) { posture in
          for side in Side.allCases {
            posture[side] = Reach(.hips, side.sign * 0.2, 0.05, 0.02)
            posture.elbows[side.rawValue] = 0.95
          }
          posture.bend = bend
        }
        move(0.8) { $0.bend = -bend }
      default:  // looks at a watch
        move(0.6) { [other] posture in
          posture[other] = Reach(.chest, -other.sign * 0.02, -0.1, 0.28)
          posture.elbows[other.rawValue] = 0.7
          posture.nod = 0.4
        }
        hold(vary(0.5...1))
      }
      rest()
    } while time < end
  }
}
