import Basics
import Capture
import Glibc

/// Composes a performance: one action after another, each with its own timing.
struct Choreography {
  /// A person's position and situation.
  enum Situation: Equatable {
    case standing
    /// Behind the counter.
    case cooking
    case seated
    /// On the bed.
    case lying
    case onFloor
    case outside

    var posture: Sighting.Posture {
      switch self {
      case .standing, .cooking, .outside: .standing
      case .seated: .sitting
      case .lying, .onFloor: .lying
      }
    }
  }

  let stage: Stage
  let manner: Manner
  var random: PlaceRandom
  var situation = Situation.standing {
    didSet { if situation != oldValue { situations.append((time, situation)) } }
  }
  private var situations: [(time: Float, situation: Situation)] = []
  private(set) var time: Float = 0
  var posture: Posture
  var keys: [Performance.Key] = []
  private var swings: [Performance.Swing] = []
  private var props: [Prop] = []
  var absences: [ClosedRange<Float>] = []
  var door: [(time: Float, open: Float)] = [(0, 0)]
  private var actions: [(action: SyntheticAction, begin: Float, end: Float)] = []

  /// - Parameters:
  ///   - stage: the positions of the furniture.
  ///   - manner: the person's way of moving.
  ///   - random: the source of all random draws for this performance.
  ///   - situation: the initial situation.
  ///   - action: the first action, in case it determines where the person stands.
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
    situations = [(0, situation)]
  }

  func finished() -> Performance {
    Performance(
      manner: manner, keys: keys, swings: swings, props: props, absences: absences, door: door, duration: time,
      actions: actions, situations: situations)
  }

  var actionCount: Int { actions.count }

  /// The actions done after the first `count`.
  func actionsSince(_ count: Int) -> [SyntheticAction] { actions[count...].map(\.action) }

  // MARK: Vocabulary

  var main: Side { manner.dominant }
  var other: Side { manner.dominant.other }

  mutating func vary(_ range: ClosedRange<Float>) -> Float { random.uniform(range) }
  mutating func chance(_ share: Float) -> Bool { random.uniform(0...1) < share }

  /// Changes the posture over a duration, which is stretched by the person's pace.
  mutating func move(
    _ seconds: Float, _ pace: Performance.Pace = .smooth, _ change: (inout Posture) -> Void = { _ in }
  ) {
    change(&posture)
    time += seconds * (pace == .falling ? 1 : manner.slowness) * vary(0.85...1.2)
    keys.append(Performance.Key(time: time, posture: posture, pace: pace))
  }

  /// Keeps the current posture; the duration is not stretched.
  mutating func hold(_ seconds: Float) {
    time += seconds
    keys.append(Performance.Key(time: time, posture: posture, pace: .smooth))
  }

  mutating func swing(
    _ side: Side, _ a: SIMD3<Float>, _ b: SIMD3<Float> = .zero, rate: Float, for seconds: Float, after delay: Float = 0
  ) {
    swings.append(
      Performance.Swing(
        side: side, a: a * manner.amplitude, b: b * manner.amplitude, rate: rate / manner.slowness, begin: time + delay,
        end: time + delay + seconds))
  }

  mutating func bring(_ kind: Prop.Kind, _ place: Prop.Place) -> Int {
    props.append(Prop(kind: kind, places: [(0, .away), (time, place)]))
    return props.count - 1
  }

  mutating func put(_ prop: Int, _ place: Prop.Place) { props[prop].places.append((time, place)) }

  private mutating func doing(_ action: SyntheticAction, _ body: (inout Choreography) -> Void) {
    let begin = time
    body(&self)
    actions.append((action, begin, time))
  }

  // MARK: Postures

  /// Arms at the sides.
  func relaxed(_ posture: inout Posture) {
    for side in Side.allCases {
      posture[side] = Reach(.hips, side.sign * (manner.body.hipWidth / 2 + 0.16), -0.08, 0.06)
      posture.elbows[side.rawValue] = 0.3
    }
    (posture.twist, posture.bend, posture.nod, posture.turn) = (0, 0, manner.stoop * 0.3, 0)
    posture.lean = manner.stoop
  }

  func standing(at place: SIMD3<Float>, facing heading: Float) -> Posture {
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

  func seated() -> Posture {
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

  func lying(headLeft: Bool) -> Posture {
    let body = manner.body
    // Feet point to +x if the head lies at -x.
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

  func fallen(_ heading: Float, backward: Bool) -> Posture {
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

  /// Turns on the spot and walks straight to a position.
  mutating func go(to place: SIMD3<Float>, facing heading: Float? = nil) {
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

  /// Turns on the spot, the shorter way.
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

  /// Gets into a situation through whatever lies between.
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

  /// The situations in which an action can start.
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

  /// Where a person stands to start an action; `nil` if it does not matter.
  private func beginning(of action: SyntheticAction) -> (place: SIMD3<Float>, heading: Float)? {
    switch action {
    case .sitDown: (stage.beforeChair + stage.chairForward * 0.1, stage.chairTurn)
    case .lieDown: (stage.beforeBed, 0)
    case .leave: (stage.door + SIMD3(0.9, 0, 0.15), -.pi / 2)
    case .fall: (stage.floor, 0)
    default: nil
    }
  }

  /// Goes where an action starts; a longer way counts as a walk.
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

  /// Lowers the arms, and makes everything in the hands disappear.
  mutating func settle() {
    switch situation {
    case .standing, .cooking, .seated: rest()
    case .lying, .onFloor, .outside: break
    }
    for prop in props.indices where props[prop].place(at: time) != .away { put(prop, .away) }
  }

  /// Waits in the current posture.
  mutating func pause(_ seconds: Float) { hold(seconds) }

  /// Performs one action from the current situation; `seconds` is the duration of an action without a natural end.
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
}
