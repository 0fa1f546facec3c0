import ArgumentParser
import Capture
import FoundationEssentials

/// Lists cameras under the names that settings can use, with their capabilities.
struct CamerasCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cameras",
    abstract: "List the cameras of this machine: names, formats, sizes, rates and controls.",
    discussion: """
      In the settings, name a camera by its by-id or serial name if it has one, or by its by-path name if two of the same \
      model cannot be told apart; /dev/videoN may be another camera after a restart.
      """)

  @Flag(help: "Print JSON: an array with one object per camera.")
  var json = false

  func run() throws {
    let cameras = CameraDescription.all()
    guard !json else {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      print(String(decoding: try encoder.encode(cameras), as: UTF8.self))
      return
    }
    guard !cameras.isEmpty else {
      print("No cameras: this machine has no video device that captures.")
      return
    }
    print(cameras.map { $0.lines.joined(separator: "\n") }.joined(separator: "\n\n"))
  }
}

extension CameraDescription {
  /// The description for people, indented by two spaces per level.
  fileprivate var lines: [String] {
    var lines = ["\(source)  \(card)"]
    func add(_ name: String, _ values: [String]) {
      for value in values { lines.append("  \(name): \(value)") }
    }
    add("note", note.map { [$0] } ?? [])
    add("node", [node])
    add("by-id", byID)
    add("by-path", byPath)
    add("serial", serial.map { ["serial:\($0)"] } ?? [])
    add("driver", ["\(driver), \(bus)"])
    add("cannot be used", problem.map { [$0] } ?? [])
    for format in formats {
      lines.append("  format \(format.setting ?? "converted"): \(format.fourCC)")
      for size in format.sizes {
        let rates = size.rates.map { number($0) }.joined(separator: ", ")
        let area = size.smallest == size.largest ? size.largest : "\(size.smallest) to \(size.largest)"
        lines.append("    \(area)\(rates.isEmpty ? "" : " at \(rates) fps")")
      }
    }
    for control in controls {
      let value = control.value.map { " = \($0)" } ?? ""
      lines.append(
        "  control \(control.name)\(value) (\(control.minimum) to \(control.maximum), default \(control.defaultValue))")
    }
    return lines
  }
}

/// A rate with at most two decimals.
private func number(_ rate: Double) -> String {
  let hundredths = Int((rate * 100).rounded())
  if hundredths % 100 == 0 { return "\(hundredths / 100)" }
  return hundredths % 10 == 0
    ? "\(hundredths / 100).\(hundredths / 10 % 10)"
    : "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
}
