internal import Basics
import Foundation
import Yams

/// A settings file as YAML nodes, within limits that no legitimate file exceeds.
enum SettingsFile {
  /// Deeper nesting is not legitimate, and would exhaust the parser's stack.
  private static let deepest = 32

  /// The text of a file of at most `largest` KiB; `kind` says in messages what it should be.
  static func text(path: String, largest: Int = 256, kind: String = "settings file") throws(SettingsError) -> String {
    func failed(_ text: String) -> SettingsError { SettingsError(path: path, findings: [Finding(text: text)]) }
    let data: Data
    do {
      let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      defer { try? handle.close() }  // Opened for reading only
      data = try handle.read(upToCount: largest << 10 + 1) ?? Data()
    } catch {
      throw failed("cannot be read: \(reasonText(error))")
    }
    guard data.count <= largest << 10 else { throw failed("is larger than \(largest) KiB, too large for a \(kind)") }
    guard let text = String(data: data, encoding: .utf8) else { throw failed("is not UTF-8 text") }
    return text
  }

  /// True if accounts other than the file's owner and group can read it.
  static func isReadableByOthers(_ path: String) -> Bool {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)  // reading reports errors
    return ((attributes?[.posixPermissions] as? Int) ?? 0) & 0o004 != 0
  }

  static func parse(_ text: String, path: String) throws(SettingsError) -> Node? {
    guard nesting(of: text) <= deepest else {
      throw SettingsError(path: path, findings: [Finding(text: "nests deeper than \(deepest) levels")])
    }
    let root: Node?
    do {
      root = try Yams.compose(yaml: text)
    } catch {
      throw SettingsError(path: path, findings: [finding(error)])
    }
    // Without aliases every value takes at least a byte of the file; more values mean that aliases multiply them.
    var budget = text.utf8.count + 1
    guard root.map({ spend(&budget, on: $0) }) ?? true else {
      throw SettingsError(path: path, findings: [Finding(text: "its aliases (*name) expand to more than the file")])
    }
    return root
  }

  /// An upper bound for the nesting of lists and tables, without parsing.
  private static func nesting(of text: String) -> Int {
    var (open, deepest) = (0, 0)
    for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
      var marks = 0
      for byte in line {
        switch byte {
        case UInt8(ascii: "["), UInt8(ascii: "{"): open += 1
        case UInt8(ascii: "]"), UInt8(ascii: "}"): open = max(0, open - 1)
        case UInt8(ascii: "-"), UInt8(ascii: "?"): marks += 1
        case UInt8(ascii: " "): continue
        // Only marks at the start of a line are nested.
        default: break
        }
        deepest = max(deepest, open)
        if byte != UInt8(ascii: "-") && byte != UInt8(ascii: "?") {
          deepest = max(deepest, marks)
          marks = 0
        }
      }
      deepest = max(deepest, marks)
    }
    return deepest
  }

  /// Counts a node and its contents; false once the budget is spent.
  private static func spend(_ budget: inout Int, on node: Node) -> Bool {
    budget -= 1
    guard budget > 0 else { return false }
    switch node {
    case .mapping(let mapping): return mapping.allSatisfy { spend(&budget, on: $0.key) && spend(&budget, on: $0.value) }
    case .sequence(let sequence): return sequence.allSatisfy { spend(&budget, on: $0) }
    case .scalar, .alias: return true
    }
  }

  private static func finding(_ error: any Error) -> Finding {
    guard let error = error as? YamlError else { return Finding(text: "is not YAML: \(error)") }
    return switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      Finding(line: mark.line, text: "this is not YAML: \(problem)")
    case .duplicatedKeysInMapping(let keys, let context):
      Finding(
        line: context.mark.line, text: "appears twice: \(keys.map { "\(SourceAddress($0))" }.joined(separator: ", "))")
    // Other errors' descriptions quote lines of the file, possibly including passwords.
    case .reader(let problem, _, _, _): Finding(text: "this is not YAML: \(problem)")
    default: Finding(text: "this is not YAML")
    }
  }
}
