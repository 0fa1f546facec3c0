import Basics
import Foundation
import Settings
import Testing

private let shipped = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().appendingPathComponent("config/adld.yaml").path

private func shippedText() throws -> String { try String(contentsOfFile: shipped, encoding: .utf8) }

private func parse(_ text: String) throws(SettingsError) -> DaemonSettings {
  try DaemonSettings.parse(text, path: "adld.yaml", hostName: "Flat12.local")
}

/// The smallest valid file, plus more lines.
private func minimal(_ more: String = "") -> String {
  "model: {path: m.safetensors}\ncameras:\n  - {name: room, source: synthetic:1}\n\(more)"
}

@Suite struct `The shipped settings` {
  @Test func `the shipped settings load unchanged`() throws {
    let settings = try DaemonSettings.load(path: shipped, hostName: "flat12")
    #expect(settings.node == "flat12")
    #expect(settings.cameras.map(\.name) == ["room"])
    #expect(settings.warnings.isEmpty)
  }

  @Test func `the shipped settings document every setting`() throws {
    let text = try shippedText()
    for name in DaemonSettings.knownSettings {
      let key = name.split(separator: ".").last.map(String.init) ?? name
      let word = key.hasSuffix("[]") ? String(key.dropLast(2)) : key
      #expect(text.contains("\(word):"), "\(name)")
    }
    #expect(DaemonSettings.knownSettings.count > 50)
  }

  @Test func `the shipped settings leave to the camera and the model what is not set`() throws {
    let camera = try #require(try parse(shippedText()).cameras.first)
    #expect(camera.size == nil && camera.rate == nil && camera.stallSeconds == 2)
    let people = try parse(shippedText()).people
    #expect(people.mode == .auto && people.finder == .auto && people.detector == nil)
    #expect(people.rate == 3 && people.most == 2 && people.lossSeconds == 3)
  }

  @Test func `the shipped settings keep a history if the service has a folder for it, and only then`() throws {
    let automatic = try parse(shippedText()).history
    #expect(automatic.path(stateDirectory: "/var/lib/adl") == "/var/lib/adl/history.sqlite")
    #expect(automatic.path(stateDirectory: "/var/lib/adl:/var/lib/other") == "/var/lib/adl/history.sqlite")
    #expect(automatic.path(stateDirectory: nil) == nil)
    #expect(automatic.days == 365 && automatic.megabytes == 500)
    let named = try parse(minimal("history: {path: /srv/h.sqlite}")).history
    #expect(named.path(stateDirectory: "/var/lib/adl") == "/srv/h.sqlite")
    let off = try parse(minimal("history: {path: \"\"}")).history
    #expect(off.path(stateDirectory: "/var/lib/adl") == nil)
  }

  @Test func `the shipped settings state the actual defaults`() throws {
    // Enabling every commented `#key: value` line must change nothing.
    let uncommented = try shippedText().split(separator: "\n", omittingEmptySubsequences: false).map { line in
      let body = line.drop { $0 == " " }
      guard body.first == "#", let next = body.dropFirst().first, next != " ", !body.hasPrefix("#node"),
        // These have no value unless they are set.
        ![
          "#maximumDuration", "#region", "#size", "#rate: 30", "#detector", "#families", "#remote", "#timeZone",
        ].contains(where: {
          body.hasPrefix($0)
        })
      else { return String(line) }
      return String(line.prefix { $0 == " " } + body.dropFirst())
    }.joined(separator: "\n")
    let explicit = try parse(uncommented)
    #expect(try explicit == parse(shippedText()))
    #expect(uncommented.contains("\n  onHold: 2"))
  }
}

@Suite struct `Invalid settings` {
  private func findings(_ text: String) -> [String] {
    do {
      _ = try parse(text)
      return []
    } catch {
      return error.findings.map(\.description)
    }
  }

  @Test(arguments: [
    ("recognition: {onn: 0.5}", "4: recognition.onn is not a setting; did you mean on?"),
    ("recognition: {on: 1.5}", "4: recognition.on: '1.5' is refused; it must be a number from 0 to 1"),
    ("recognition: {on: .nan}", "4: recognition.on: '.nan' is refused; it must be a number from 0 to 1"),
    (
      "events: {remote: {endpoint: 'tcp://0.0.0.0:5556'}}",
      "4: events.remote.query is missing: where other machines send queries, such as tcp://0.0.0.0:5557"
    ),
    (
      "recognition: {on: 0.3, off: 0.5}",
      "4: recognition.off: '0.5' is refused; it must be at most recognition.on (0.3)"
    ),
    (
      "recognition: {minimumDuration: 5, maximumDuration: 4}",
      "4: recognition.maximumDuration: '4' is refused; it must be at least every minimumDuration"
    ),
    (
      "recognition: {maximumDuration: 4, activities: {Walk: {minimumDuration: 5}}}",
      "4: recognition.maximumDuration: '4' is refused; it must be at least every minimumDuration"
    ),
    (
      "recognition: {activities: {Walk: {off: 0.7}}}",
      "4: recognition.activities.Walk.off: '0.7' is refused; it must be at most on (0.6)"
    ),
    (
      "recognition: {smoothing: {method: average}}",
      "4: recognition.smoothing.method: 'average' is refused; it must be one of mean, ema, median"
    ),
    ("events: [1]", "4: events must consist of `key: value` lines"),
    ("events: {history: 1.5}", "4: events.history: '1.5' is refused; it must be a whole number from 0 to 100000"),
    (
      "history: {path: here.sqlite}",
      #"4: history.path: 'here.sqlite' is refused; it must be a path that starts with /, auto or """#
    ),
    (
      "history:\n  days: 9223372036854775807:0",
      "5: history.days: '9223372036854775807:0' is refused; it must be a whole number from 1 to 36500"
    ),
    ("history: {days: 0}", "4: history.days: '0' is refused; it must be a whole number from 1 to 36500"),
    (
      "page: {hosts: \"a.example:80\"}",
      "4: page.hosts: 'a.example:80' is refused; it must be names such as adl.example.org, without a port"
    ),
    ("node: Kitchen!", "4: node: 'Kitchen!' is refused; it must be 1 to 64 of a-z, 0-9, _ and -"),
    (
      "log: {level: loud}",
      "4: log.level: 'loud' is refused; it must be one of trace, debug, info, notice, warning, error, critical"
    ),
  ])
  func `invalid settings are refused with line, reason and what is allowed`(line: String, expected: String) {
    #expect(findings(minimal(line)) == [expected])
  }

  @Test func `settings do not read numbers in base sixty, however many`() {
    let number = Array(repeating: "9", count: 20).joined(separator: ":")
    let text = "model: {path: m}\ncameras:\n  - name: room\n    source: a\n    controls:\n      gain: \(number)\n"
    #expect(findings(text) == ["6: cameras[0].controls.gain must be a whole number"])
  }

  @Test(arguments: [
    "0.0.0.0:8460", "192.168.1.5:8460", "[::]:8460", "*:8460", "8460", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536",
    "unix:page.sock", "unix:/\(String(repeating: "x", count: 107))", "example.org:8460",
  ])
  func `settings can only serve the page to this machine`(listen: String) {
    #expect(
      findings(minimal("page: {listen: \"\(listen)\"}")) == [
        """
        4: page.listen: '\(listen)' is refused; it must be off, 127.0.0.1:PORT, [::1]:PORT or unix:/PATH; the page is not \
        encrypted and has no login, so let a reverse proxy on this machine serve others
        """
      ])
  }

  @Test func `settings serve no page by default`() throws {
    #expect(try parse(shippedText()).page.listen == .off)
    #expect(try parse(minimal("page: {listen: off}")).page.listen == .off)
    #expect(
      try parse(minimal("page: {listen: \"localhost:80\"}")).page.listen == .loopback(port: 80, isVersion6: false))
    #expect(try parse(minimal("page: {listen: \"[::1]:80\"}")).page.listen == .loopback(port: 80, isVersion6: true))
    #expect(try parse(minimal("page: {listen: \"unix:/run/p\"}")).page.listen == .unix(path: "/run/p"))
  }

  @Test func `invalid settings are all reported at once, in line order`() {
    let text = """
      model: {threads: -1}
      cameras:
        - {name: room, source: /dev/video0, size: big}
        - {name: room, source: synthetic:1, region: {x: 0.5, width: 0.7}}
      """
    #expect(
      findings(text) == [
        "1: model.path is missing: the .safetensors file of the model",
        "1: model.threads: '-1' is refused; it must be a whole number from 0 to 256",
        "3: cameras[0].size: 'big' is refused; it must be WIDTHxHEIGHT, each 16 to 8192",
        "3: cameras is refused; it must be a list of cameras with different names; 'room' appears twice",
        "4: cameras[1].region is refused; it must be a part of the picture: x + width and y + height at most 1, "
          + "width and height above 0",
      ])
  }

  @Test func `invalid settings never show a password`() {
    let all = findings("model: {path: m}\ncameras:\n  - {name: A, source: s, crop: 'rtsp://me:p@ss@host/x'}\n").joined()
    #expect(all.contains("rtsp://host/…") && !all.contains("ss@"))
    let twice = findings("model: {path: m}\nrtsp://me:p@ss@host/x: 1\nrtsp://me:p@ss@host/x: 2\n").joined()
    #expect(twice.contains("appears twice: rtsp://host/…"))
    #expect(!findings("source: rtsp://me:p@ss@host/\u{1}x\n").joined().contains("ss@"))
  }

  @Test func `settings that appear twice are refused`() {
    #expect(findings("log: {level: info}\nlog: {level: info}\n").count == 1)
  }

  @Test func `YAML aliases cannot multiply a settings file`() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x]\n"
    for level in 1...9 {
      text += "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", "))]\n"
    }
    #expect(findings(text) == [" its aliases (*name) expand to more than the file"])
  }

  @Test(arguments: ["[", "{", "- ", "? "])
  func `YAML nesting cannot exhaust the stack`(mark: String) {
    #expect(findings(String(repeating: mark, count: 50_000)) == [" nests deeper than 32 levels"])
  }

  @Test func `labels missing from the model are named with the nearest ones it has`() throws {
    let settings = try parse(minimal("recognition: {activities: {Wolk: {on: 0.7}}}"))
    let error = #expect(throws: SettingsError.self) { try settings.check(againstLabels: ["Walk", "Sit"], path: "f") }
    #expect(
      error?.description == "f: recognition.activities.Wolk: the model has no such activity; did you mean Walk?")
    try settings.check(againstLabels: ["Wolk"], path: "f")
  }

  @Test func `labels without an activity have no options`() throws {
    let settings = try parse(minimal("recognition: {activities: {Idle: {on: 0.7}, other: {on: 0.7}}}"))
    let error = #expect(throws: SettingsError.self) {
      try settings.check(againstLabels: ["Walk", "Idle", "other"], path: "f")
    }
    #expect(
      error?.description
        == "f: recognition.activities.Idle: this means that no activity is going on, and needs no options")
  }

  @Test func `a missing settings file is reported with the reason`() {
    let error = #expect(throws: SettingsError.self) {
      try DaemonSettings.load(path: "/nowhere/a.yaml", hostName: "h")
    }
    #expect(error?.description == "/nowhere/a.yaml: cannot be read: No such file or directory")
  }

  @Test func `a camera's device number is allowed with a warning`() throws {
    let settings = try parse("model: {path: m}\ncameras:\n  - {name: a, source: /dev/video0}\n")
    #expect(
      settings.warnings.map(\.description) == [
        "3: cameras[0].source may name a different camera after a restart; `adl cameras` lists stable names"
      ])
  }

  @Test func `three thousand mutations of the shipped file are refused or valid, never fatal`() throws {
    let original = Array(try shippedText().utf8)
    var random = SplitMix64(seed: 11)
    var refused = 0
    for _ in 0..<3000 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...200, using: &random)))
        case 2: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + 300)], at: at)
        case 3: bytes.insert(contentsOf: Array("[{&a *a !!x 9e999 \t".utf8).shuffled(using: &random), at: at)
        default: if bytes[at] == UInt8(ascii: "#") { bytes[at] = UInt8(ascii: " ") }
        }
        if bytes.isEmpty { bytes = original }
      }
      do {
        _ = try parse(String(decoding: bytes, as: UTF8.self))
      } catch {
        refused += 1
        #expect(!error.findings.isEmpty && error.findings.allSatisfy { !$0.text.isEmpty })
      }
    }
    #expect(refused > 500)
  }
}
