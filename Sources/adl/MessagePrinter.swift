import Events
import Foundation

/// A received message, decoded according to its topic.
struct MessageContent {
  /// The message, by kind.
  enum Body {
    case event(ActivityEvent)
    case person(PersonEvent)
    case alert(AlertEvent)
    case alerts(AlertsState)
    case prediction(Prediction)
    case state(CameraState)
    case health(CameraHealth)
    case heartbeat(Heartbeat)
    /// From a newer daemon; shown as is.
    case other
  }

  let topic: Topic
  let text: String
  let body: Body

  init(_ message: EventSubscriber.Message) {
    topic = message.topic
    text = String(decoding: message.json, as: UTF8.self)
    let decoder = JSONDecoder()
    do {
      body =
        switch message.topic.kind {
        case .event: try Self.event(message.json, decoder)
        case .prediction: .prediction(try decoder.decode(Prediction.self, from: message.json))
        case .state where topic.camera == Topic.rules:
          .alerts(try decoder.decode(AlertsState.self, from: message.json))
        case .state: .state(try decoder.decode(CameraState.self, from: message.json))
        case .health: .health(try decoder.decode(CameraHealth.self, from: message.json))
        case nil: .heartbeat(try decoder.decode(Heartbeat.self, from: message.json))
        }
    } catch {
      body = .other
    }
  }

  private static func event(_ json: Data, _ decoder: JSONDecoder) throws -> Body {
    struct Kind: Decodable { var type: String }
    let type = try decoder.decode(Kind.self, from: json).type
    if AlertEvent.Kind(rawValue: type) != nil { return .alert(try decoder.decode(AlertEvent.self, from: json)) }
    return PersonEvent.Kind(rawValue: type) == nil
      ? .event(try decoder.decode(ActivityEvent.self, from: json))
      : .person(try decoder.decode(PersonEvent.self, from: json))
  }

  var isStopping: Bool {
    if case .heartbeat(let heartbeat) = body { heartbeat.isStopping } else { false }
  }
}

/// Prints messages for people or programs.
struct MessagePrinter {
  let json: Bool
  let heartbeats: Bool
  let colors: Bool

  /// Prints a message; false if it was not worth a line.
  func show(_ content: MessageContent) -> Bool {
    if json {
      put(#"{"topic":\#(quoted(content.topic.description)),"message":\#(content.text)}"#)
      return true
    }
    guard let line = line(content) else { return false }
    put("\(now())  \(column(content.topic.camera))  \(line)")
    return true
  }

  func notice(_ text: String) {
    put(json ? #"{"notice":\#(quoted(text))}"# : paint("\(now())  \(text)", 33))
  }

  /// Prints what really happens according to the truth, which no daemon knows.
  func truth(_ text: String) { put(paint("\(now())  \(column(""))  ◇ \(text)", 90)) }

  private func line(_ content: MessageContent) -> String? {
    switch content.body {
    case .event(let event):
      let name = name(event.activity) + (event.person.map { "  person \($0.id)" } ?? "")
      let from = "since \(localTime(event.onset.time))"
      return switch event.type {
      case .start: paint("▶ \(name)", 32) + "  \(from)  \(share(event.confidence))"
      case .update: "· \(name)  peak \(share(event.peak))"
      case .end:
        paint("■ \(name)", 34)
          + "  \(localTime(event.onset.time)) – \(localTime(event.offset?.time ?? ""))"
          + "  \(seconds(event.duration ?? 0)) s  \(share(event.confidence))  \(event.endReason ?? "")"
      }
    case .person(let event):
      let person = "person \(event.person.id)"
      return switch event.type {
      case .entered: paint("→ \(person) came", 36)
      case .left: paint("← \(person) left", 36) + "  after \(seconds(event.duration ?? 0)) s  \(event.reason ?? "")"
      }
    case .alert(let alert): return line(alert)
    case .alerts(let state):
      let names = state.alerts.map { "\($0.rule) (\($0.cameras.joined(separator: ", ")))" }
      return names.isEmpty ? "= no alerts" : "= alerts: " + names.joined(separator: ", ")
    case .prediction(let prediction):
      let whose = prediction.person.map { "person \($0.id): " } ?? ""
      return whose
        + prediction.top.prefix(3).map { "\(name($0.label, $0.member)) \(share($0.p))" }.joined(separator: ", ")
    case .state(let state): return "= \(summary(state))  (\(state.condition))"
    case .health(let health): return paint("! \(health.type.rawValue): \(health.reason)", 33)
    case .heartbeat(let heartbeat):
      if heartbeat.isStopping { return "the daemon is stopping" }
      return heartbeats ? "alive" : nil
    case .other: return content.text
    }
  }

  private func line(_ alert: AlertEvent) -> String {
    let whose = alert.person.map { "  person \($0.id)" } ?? ""
    let name = "\(alert.rule)  \(alert.cameras.joined(separator: ", "))" + whose
    let why = (alert.message.map { "\($0): " } ?? "") + alert.reason
    return switch alert.type {
    case .raised: paint("▲ alert \(name)", 31) + "  \(why)"
    case .reminder: paint("△ alert \(name)", 31) + "  since \(localTime(alert.raised.time))  \(why)"
    case .cleared:
      paint("▽ cleared \(name)", 32) + "  after \(seconds(alert.duration ?? 0)) s  \(alert.clearReason ?? "")"
    }
  }

  private func summary(_ state: CameraState) -> String {
    guard let people = state.people, !people.isEmpty else { return state.activity.map(name) ?? state.state }
    return people.map { "person \($0.person.id): \($0.activity.map(name) ?? $0.state)" }.joined(separator: ", ")
  }

  private func name(_ activity: ActivityEvent.Label) -> String { name(activity.label, activity.member) }

  /// A family with its most probable label, such as `Drink (drinking beer)`.
  private func name(_ label: String, _ member: String?) -> String { label + (member.map { " (\($0))" } ?? "") }

  /// A JSON string; text from a peer may contain quotes and control characters.
  private func quoted(_ text: String) -> String {
    let escaped = text.unicodeScalars.map { scalar in
      switch scalar {
      case "\"", "\\": "\\\(scalar)"
      case _ where scalar.value < 0x20: "\\u" + String(scalar.value + 0x10000, radix: 16).dropFirst()
      default: String(scalar)
      }
    }
    return "\"" + escaped.joined() + "\""
  }

  /// At least ten characters wide; longer names are shown in full.
  private func column(_ name: String) -> String { name + String(repeating: " ", count: max(0, 10 - name.count)) }

  private func paint(_ text: String, _ code: Int) -> String { colors ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }
  private func share(_ value: Float) -> String { value.formatted(.percent.precision(.fractionLength(0))) }
  private func seconds(_ value: Double) -> String { value.formatted(.number.precision(.fractionLength(1))) }
  private func now() -> String { Date().formatted(date: .omitted, time: .standard) }

  /// The local clock time of an RFC 3339 time.
  private func localTime(_ text: String) -> String {
    do {
      let date = try Date(text, strategy: .iso8601.year().month().day().time(includingFractionalSeconds: true))
      return date.formatted(date: .omitted, time: .standard)
    } catch {
      return text
    }
  }
}
