package import Video

/// How to ask a V4L2 camera to capture; anything `nil` is chosen from what the camera offers.
package struct V4L2Options: Equatable, Sendable {
  /// What the driver should deliver.
  package enum Format: Equatable, Sendable {
    /// One of the formats of `Frame`, straight from the driver.
    case native(PixelFormat)
    /// A compressed stream, decoded here.
    case h264
    /// Whatever libv4l2 can convert to `i420`.
    case converted

    /// In order of preference if several serve equally well: least USB bandwidth first, then least decoding.
    static let preferred: [Format] =
      [.native(.mjpeg), .native(.yuyv), .native(.nv12), .native(.i420), .native(.uyvy), .native(.rgb24)]
      + [.native(.bgr24), .h264, .native(.grey)]

    /// Parses a setting: `mjpeg`, `yuyv`, `nv12`, `i420`, `uyvy`, `rgb24`, `bgr24`, `grey`, `h264` or `converted`.
    package init?(setting: String) {
      switch setting {
      case "h264": self = .h264
      case "converted": self = .converted
      default:
        guard let format = PixelFormat(rawValue: setting), Self.preferred.contains(.native(format)) else { return nil }
        self = .native(format)
      }
    }

    package var setting: String {
      switch self {
      case .native(let format): format.rawValue
      case .h264: "h264"
      case .converted: "converted"
      }
    }

    /// The codes drivers use for the format; the first one is requested.
    var fourCCs: [FourCC] {
      switch self {
      case .native(.yuyv): [FourCC("YUYV")]
      case .native(.uyvy): [FourCC("UYVY")]
      case .native(.nv12): [FourCC("NV12")]
      case .native(.i420), .converted: [FourCC("YU12")]
      case .native(.grey): [FourCC("GREY")]
      case .native(.rgb24): [FourCC("RGB3")]
      case .native(.bgr24): [FourCC("BGR3")]
      case .native(.mjpeg): [FourCC("MJPG"), FourCC("JPEG")]
      case .h264: [FourCC("H264")]
      case .native(.i422), .native(.i444): []
      }
    }

    init?(_ fourCC: FourCC) {
      guard let format = Self.preferred.first(where: { $0.fourCCs.contains(fourCC) }) else { return nil }
      self = format
    }
  }

  /// `cameras[].format`.
  package var format: Format?
  /// `cameras[].size`; by default the size nearest to 640x480.
  package var size: FrameSize?
  /// `cameras[].rate`, in frames per second; by default the rate that suits `sampleRate` best.
  package var rate: Double?
  /// The rate at which frames will be sampled.
  package var sampleRate = 15.0
  /// Buffers shared with the driver, 2 to 32.
  package var buffers = 4
  /// Whether auto exposure may lower the rate in the dark.
  package var allowsSlowExposure = false
  /// `cameras[].controls`, by the names printed by `adl cameras`.
  package var controls: [String: Int] = [:]

  package init() {}
}

/// What to request from a driver, chosen from what it offers.
struct V4L2Choice: Equatable {
  var format: V4L2Options.Format
  var fourCC: FourCC
  var size: FrameSize
  var rate: Double

  static let usualSize = FrameSize(width: 640, height: 480)

  /// - Throws: `formatRefused` if the format in the settings is not offered.
  init(_ options: V4L2Options, device: any V4L2Device, offered: [FourCC]) throws(CaptureError) {
    let wantedSize = options.size ?? Self.usualSize
    let wantedRate = options.rate ?? options.sampleRate
    let names = offered.compactMap { V4L2Options.Format($0)?.setting }
    if options.format == .converted {
      self.init(format: .converted, fourCC: FourCC("YU12"), size: wantedSize, rate: wantedRate)
      return
    }
    let formats = options.format.map { [$0] } ?? V4L2Options.Format.preferred
    var best: (choice: V4L2Choice, cost: (Int, Double))?
    for format in formats {
      guard let fourCC = format.fourCCs.first(where: offered.contains) else { continue }
      let size = nearestSize(to: wantedSize, in: device.sizes(fourCC))
      let rate = bestRate(for: wantedRate, among: device.rates(fourCC, size), isExact: options.rate != nil)
      let choice = V4L2Choice(format: format, fourCC: fourCC, size: size, rate: rate)
      // Size matters most, then a rate that is too low; between equals, the order of formats decides.
      let cost = (abs(size.width - wantedSize.width) + abs(size.height - wantedSize.height), max(0, wantedRate - rate))
      if best.map({ cost < $0.cost }) ?? true { best = (choice, cost) }
    }
    guard let best else {
      if options.format == nil {
        self.init(format: .converted, fourCC: FourCC("YU12"), size: wantedSize, rate: wantedRate)
        return
      }
      throw .formatRefused(
        device: device.path, setting: "cameras[].format", asked: options.format?.setting ?? "a known format",
        offered: names + ["converted"])
    }
    self = best.choice
  }

  private init(format: V4L2Options.Format, fourCC: FourCC, size: FrameSize, rate: Double) {
    self.format = format
    self.fourCC = fourCC
    self.size = size
    self.rate = rate
  }
}

/// The offered size nearest to the wanted one; the wanted one if the driver lists none.
func nearestSize(to wanted: FrameSize, in ranges: [V4L2SizeRange]) -> FrameSize {
  let candidates = ranges.map { (range) in
    FrameSize(
      width: min(max(wanted.width, range.minimum.width), range.maximum.width),
      height: min(max(wanted.height, range.minimum.height), range.maximum.height))
  }
  func distance(_ size: FrameSize) -> Int { abs(size.width - wanted.width) + abs(size.height - wanted.height) }
  return candidates.min { distance($0) < distance($1) } ?? wanted
}

/// The offered rate that serves a wanted rate best.
///
/// For sampling: the rate itself, else a whole multiple, else the next higher rate, else the highest. For a setting
/// (`isExact`): the nearest rate. Rates within 1 % count as equal (29.97 and 30).
func bestRate(for wanted: Double, among offered: [Double], isExact: Bool) -> Double {
  guard !offered.isEmpty else { return wanted }
  func isNear(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 0.01 * b }
  if let same = offered.first(where: { isNear($0, wanted) }) { return same }
  if isExact { return offered.min { abs($0 - wanted) < abs($1 - wanted) } ?? wanted }
  let higher = offered.filter { $0 > wanted }.sorted()
  let multiple = higher.first { isNear($0, ($0 / wanted).rounded() * wanted) }
  return multiple ?? higher.first ?? offered.max() ?? wanted
}
