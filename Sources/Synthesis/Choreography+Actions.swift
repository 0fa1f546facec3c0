import Capture
import Glibc

// The actions, composed from the vocabulary in `Choreography.swift`.
extension Choreography {
  mutating func rest() {
    let isSeated = situation == .seated
    let base = isSeated ? seated() : standing(at: SIMD3(posture.hips.x, 0, posture.hips.z), facing: posture.heading)
    move(0.5) { $0 = base }
  }

  mutating func sitDown() {
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

  mutating func standUp() {
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

  mutating func lieDown() {
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
    situation = .lying
    hold(vary(0.4...1))
  }

  mutating func getUp() {
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

  mutating func fall() {
    // With or without a stagger.
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
    situation = .onFloor
    hold(vary(0.8...1.8))
  }

  mutating func pickUp() {
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

  mutating func walk(_ seconds: Float) {
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

  mutating func enter() {
    // Nobody can be seen behind the wall.
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

  mutating func leave() {
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

  /// Picks up a thing: from the low table when seated, or already in the hand when standing.
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

  mutating func drink(_ seconds: Float) {
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

  /// Takes pills from one hand, with the head back; then often a sip.
  mutating func takePills(_ seconds: Float) {
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

  mutating func phoneCall(_ seconds: Float) {
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

  /// Holds a thing with both hands in front of the chest, or on the lap when seated.
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

  mutating func readBook(_ seconds: Float) {
    let end = time + seconds
    _ = holdUp(.book, apart: 0.11, situation == .seated)
    repeat {
      // Eyes along the lines, then a page turn.
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

  /// One hand holds the tablet, a finger of the other taps and swipes.
  mutating func useTablet(_ seconds: Float) {
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

  mutating func useLaptop(_ seconds: Float) {
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
      // To the touch pad and back, or a glance.
      if chance(0.5) {
        move(0.3) { [main] in $0[main] = Reach(.hips, main.sign * 0.02, 0.16, 0.28) }
        hold(vary(0.2...0.6))
        move(0.3) { [main] in $0[main] = Reach(.hips, main.sign * 0.08, 0.17, 0.36) }
      }
    } while time < end
  }

  /// A point above the counter, in the room.
  private func overCounter(_ x: Float, _ y: Float, _ z: Float) -> SIMD3<Float> {
    stage.counter + SIMD3(x, y, z - 0.12)
  }

  mutating func stir(_ seconds: Float) {
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

  mutating func cut(_ seconds: Float) {
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

  mutating func cleanDishes(_ seconds: Float) {
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
        // Puts it away and takes the next.
        let spot = overCounter(other.sign * 0.3, 0.02, 0)
        move(0.5) { [other] in $0[other] = Reach(.room, spot + SIMD3(0, 0.03, 0)) }
        put(plate, .spot(spot, turn: 0))
        hold(0.15)
        put(plate, .hand(other))
        move(0.5) { [self] in $0[other] = Reach(.room, overCounter(other.sign * 0.1, lift, 0)) }
      }
    } while time < end
  }

  mutating func idle(_ seconds: Float) {
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

  /// Motion that belongs to none of the activities.
  mutating func gesture(_ seconds: Float) {
    let end = time + seconds
    repeat {
      switch Int(vary(0...8.99)) {
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
      case 7 where situation == .standing:  // takes a step or two, too few to be walking
        let step = SIMD3(vary(-0.5...0.5), 0, vary(-0.4...0.4))
        let here = SIMD3(posture.hips.x, 0, posture.hips.z)
        // Back towards free space.
        go(to: here.mixed(stage.floor, 0.3) + step, facing: vary(-0.8...0.8))
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
