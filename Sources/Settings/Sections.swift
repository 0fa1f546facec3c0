package import Basics

/// `model`: which network runs, and how.
package struct ModelSettings: Equatable, Sendable {
  package enum Precision: String, CaseIterable, Sendable {
    case auto, f32, bf16, int8
  }

  /// How windows are computed: whole, or only what is new; `continual` computes a different function.
  package enum Windows: String, CaseIterable, Sendable {
    case incremental, recompute, continual
  }

  package var path: String
  package var precision: Precision
  package var windows: Windows
  /// If the pictures of a window differ by less than this, only every fourth such window is scored; 0 turns this off.
  package var stillLevel: Double
  /// Maximum megabytes for what incremental windows reuse.
  package var reuseMegabytes: Int
  /// Number of cores for inference; 0 means all.
  package var threads: Int
  /// Windows computed at a time, which share the cores out; 0 leaves that to the way of windows.
  package var workers: Int
  /// Samples from one window to the next.
  package var hop: Int

  init(_ table: SettingsTable) {
    path = table.text("path") ?? ""
    if path.isEmpty { table.require("path", "the .safetensors file of the model") }
    precision = table.choice("precision", default: .auto)
    windows = table.choice("windows", default: .incremental)
    stillLevel = table.number("stillLevel", default: 0, 0...255)
    reuseMegabytes = table.integer("reuseMegabytes", default: 512, 0...65_536)
    threads = table.integer("threads", default: 0, 0...256)
    workers = table.integer("workers", default: 0, 0...256)
    hop = table.integer("hop", default: 8, 1...512)
    table.finish()
  }
}

/// One entry of `cameras`.
package struct CameraSettings: Equatable, Sendable {
  /// What a V4L2 camera should deliver; `converted` is anything, converted by libv4l2.
  package enum Format: String, CaseIterable, Sendable {
    case auto, mjpeg, yuyv, nv12, i420, uyvy, rgb24, bgr24, grey, h264, converted
  }

  package enum Crop: String, CaseIterable, Sendable {
    case auto, full, centerSquare
  }

  /// How an RTSP camera sends its pictures.
  package enum Transport: String, CaseIterable, Sendable {
    case auto, tcp, udp
  }

  /// Degrees clockwise.
  package enum Rotation: String, CaseIterable, Sendable {
    case none = "0"
    case quarter = "90"
    case half = "180"
    case threeQuarters = "270"
  }

  package enum Flip: String, CaseIterable, Sendable {
    case none, horizontal, vertical
  }

  /// A part of the picture, in fractions.
  package struct Region: Equatable, Sendable {
    package var x: Double
    package var y: Double
    package var width: Double
    package var height: Double
  }

  /// In pixels.
  package struct Size: Equatable, Sendable {
    package var width: Int
    package var height: Int
  }

  package var name: String
  package var source: SourceAddress
  package var isEnabled: Bool
  package var format: Format
  /// Requested from the camera; `nil` leaves it to what the camera offers.
  package var size: Size?
  /// Frames per second requested from the camera; `nil` leaves it to what suits the model.
  package var rate: Double?
  package var controls: [String: Int]
  /// How the picture is made upright before everything else: rotated first, then mirrored.
  package var rotation: Rotation
  package var flip: Flip
  package var region: Region?
  package var crop: Crop
  /// Polygons of [x, y].
  package var masks: [[[Double]]]
  package var decodesExactly: Bool
  /// Whether a file restarts at its end.
  package var loops: Bool
  /// Seconds without a frame after which the camera is reopened.
  package var stallSeconds: Double
  /// Seconds for which a picture may stay the same, bit for bit, before the camera is reopened; 0 for no limit.
  package var frozenSeconds: Double
  package var transport: Transport

  init(_ table: SettingsTable) {
    name = table.identifier("name") ?? ""
    if name.isEmpty && !table.isSet("name") { table.require("name", "the camera's name in topics") }
    source = SourceAddress(table.text("source") ?? "")
    if source.revealed.isEmpty { table.require("source", "a device, a file, a URL or synthetic:SEED") }
    if source.revealed.hasPrefix("/dev/video") {
      table.warn("source", "may name a different camera after a restart; `adl cameras` lists stable names")
    }
    isEnabled = table.flag("enabled", default: true)
    format = table.choice("format", default: .auto)
    size = Self.size(table)
    rate = table.optionalNumber("rate", 1...240)
    controls = table.namedIntegers("controls")
    rotation = table.choice("rotate", default: .none)
    flip = table.choice("flip", default: .none)
    region = Self.region(table)
    crop = table.choice("crop", default: .auto)
    masks = table.polygons("masks")
    decodesExactly = table.flag("exactDecode", default: false)
    loops = table.flag("loop", default: false)
    transport = table.choice("transport", default: .auto)
    stallSeconds = table.number("stallSeconds", default: 2, 0.5...3600)
    frozenSeconds = table.number("frozenSeconds", default: 60, 0...86_400)
    table.finish()
  }

  private static func size(_ camera: SettingsTable) -> Size? {
    guard let text = camera.text("size") else { return nil }
    let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    guard sides.count == 2, sides.allSatisfy({ (16...8192).contains($0) }) else {
      camera.refuse("size", "WIDTHxHEIGHT, each 16 to 8192")
      return nil
    }
    return Size(width: sides[0], height: sides[1])
  }

  private static func region(_ camera: SettingsTable) -> Region? {
    guard camera.isSet("region") else { return nil }
    let table = camera.table("region")
    let region = Region(
      x: table.number("x", default: 0, 0...1), y: table.number("y", default: 0, 0...1),
      width: table.number("width", default: 1, 0...1), height: table.number("height", default: 1, 0...1))
    table.finish()
    if region.width <= 0 || region.height <= 0 || region.x + region.width > 1.000_001
      || region.y + region.height > 1.000_001
    {
      camera.refuse("region", "a part of the picture: x + width and y + height at most 1, width and height above 0")
    }
    return region
  }
}

/// `recognition`: how scores become activities.
package struct RecognitionSettings: Equatable, Sendable {
  package enum Smoothing: String, CaseIterable, Sendable {
    case mean, ema, median
  }

  /// Options for one activity.
  package struct Activity: Equatable, Sendable {
    package var isEnabled: Bool
    package var on: Double?
    package var off: Double?
    /// In seconds.
    package var minimumDuration: Double?
    /// In seconds.
    package var coolDown: Double?

    init(_ table: SettingsTable) {
      isEnabled = table.flag("enabled", default: true)
      on = table.optionalNumber("on", 0...1)
      off = table.optionalNumber("off", 0...1)
      minimumDuration = table.optionalNumber("minimumDuration", 0...3600)
      coolDown = table.optionalNumber("coolDown", 0...86400)
      table.finish()
    }
  }

  package var smoothing: Smoothing
  package var smoothingWindows: Int
  package var on: Double
  package var off: Double
  package var onHold: Int
  package var offHold: Int
  package var margin: Double
  /// In seconds.
  package var minimumDuration: Double
  /// In seconds.
  package var coolDown: Double
  /// In seconds; `nil` for no limit.
  package var maximumDuration: Double?
  package var motionGate: Double
  package var activities: [String: Activity]
  /// A families file, used instead of the families in the model's card.
  package var families: String?
  /// Whether labels in no family open an activity too.
  package var opensOther: Bool

  init(_ table: SettingsTable) {
    let smooth = table.table("smoothing")
    smoothing = smooth.choice("method", default: .mean)
    smoothingWindows = smooth.integer("windows", default: 3, 1...64)
    smooth.finish()
    on = table.number("on", default: 0.6, 0...1)
    off = table.number("off", default: 0.4, 0...1)
    onHold = table.integer("onHold", default: 2, 1...64)
    offHold = table.integer("offHold", default: 3, 1...64)
    margin = table.number("margin", default: 0.1, 0...1)
    minimumDuration = table.number("minimumDuration", default: 0, 0...3600)
    coolDown = table.number("coolDown", default: 0, 0...86400)
    maximumDuration = table.optionalNumber("maximumDuration", 1...604800)
    motionGate = table.number("motionGate", default: 0, 0...255)
    families = table.text("families")
    opensOther = table.flag("other", default: false)
    let own = table.namedTables("activities").map { (name: $0.name, table: $0.table, options: Activity($0.table)) }
    activities = Dictionary(own.map { ($0.name, $0.options) }, uniquingKeysWith: { $1 })
    for (_, table, options) in own where options.off ?? off > options.on ?? on {
      table.refuse("off", "at most on (\(options.on ?? on))")
    }
    if off > on { table.refuse("off", "at most recognition.on (\(on))") }
    if let maximumDuration, maximumDuration < own.compactMap(\.options.minimumDuration).reduce(minimumDuration, max) {
      table.refuse("maximumDuration", "at least every minimumDuration")
    }
    table.finish()
  }
}

/// `events`: where subscribers connect.
package struct EventSettings: Equatable, Sendable {
  /// `events.remote`: encrypted sockets for clients whose keys are known.
  package struct Remote: Equatable, Sendable {
    package var endpoint: String
    package var query: String
    /// Path of the daemon's secret key.
    package var secretKey: String
    /// Folder of the clients' public keys.
    package var clients: String

    /// `nil` if no endpoint is set.
    init?(_ table: SettingsTable) {
      let endpoint = table.text("endpoint")
      let query = table.text("query")
      secretKey = table.text("secretKey", default: "/etc/adl/curve.secret") ?? ""
      clients = table.text("clients", default: "/etc/adl/clients") ?? ""
      table.finish()
      switch (endpoint, query) {
      case (let endpoint?, let query?): (self.endpoint, self.query) = (endpoint, query)
      case (nil, nil): return nil
      case (_?, nil):
        table.require("query", "where other machines send queries, such as tcp://0.0.0.0:5557")
        return nil
      case (nil, _?):
        table.require("endpoint", "where other machines subscribe, such as tcp://0.0.0.0:5556")
        return nil
      }
    }
  }

  package var endpoint: String
  package var query: String
  package var publishesPredictions: Bool
  package var predictionsEndpoint: String
  /// Sockets for other machines; `nil` if none may connect.
  package var remote: Remote?
  /// In seconds.
  package var heartbeat: Double
  /// Number of messages kept in memory for `history` queries.
  package var history: Int

  init(_ table: SettingsTable) {
    endpoint = table.text("endpoint", default: "ipc:///run/adl/events.sock") ?? ""
    query = table.text("query", default: "ipc:///run/adl/query.sock") ?? ""
    let predictions = table.table("predictions")
    publishesPredictions = predictions.flag("enabled", default: false)
    predictionsEndpoint = predictions.text("endpoint", default: "ipc:///run/adl/predictions.sock") ?? ""
    predictions.finish()
    remote = Remote(table.table("remote"))
    heartbeat = table.number("heartbeat", default: 5, 0.1...3600)
    history = table.integer("history", default: 1000, 0...100_000)
    table.finish()
  }
}

/// `log`: what is written to standard error.
package struct LogSettings: Equatable, Sendable {
  package enum Level: String, CaseIterable, Sendable {
    case trace, debug, info, notice, warning, error, critical
  }

  package var level: Level

  init(_ table: SettingsTable) {
    level = table.choice("level", default: .info)
    table.finish()
  }
}
