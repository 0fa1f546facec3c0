/// What is kept of a selected frame.
package enum SamplePicture: Hashable, Sendable {
  /// The square that the network sees, if the camera is analysed as one scene.
  case clip(ClipPreprocessing)
  /// The picture in which people are found, and from which each person's square is cut.
  case working(WorkingPicture)

  package var mask: PrivacyMask {
    switch self {
    case .clip(let clip): clip.mask
    case .working(let working): working.mask
    }
  }

  /// The part of a picture that is used.
  package func rectangle(in picture: FrameSize) -> PixelRectangle {
    switch self {
    case .clip(let clip): clip.rectangle(in: picture)
    case .working(let working): working.region.rectangle(in: picture)
    }
  }

  /// Size of the sample for a picture.
  package func size(of picture: FrameSize) -> FrameSize {
    switch self {
    case .clip(let clip): FrameSize(width: clip.size, height: clip.size)
    case .working(let working): working.size(of: picture)
    }
  }

  /// The smallest size to which a picture may be reduced before it is sampled without later enlargement.
  package func minimumDecodedSize(of picture: FrameSize) -> FrameSize {
    switch self {
    case .clip(let clip): return clip.minimumDecodedSize(of: picture)
    case .working(let working):
      // The reduced picture must give the same working size; both axes are scaled alike.
      let used = working.region.rectangle(in: picture)
      let wanted = working.size(of: picture)
      func side(_ whole: Int, _ used: Int, _ wanted: Int) -> Int {
        min((whole * (wanted + 2) + used - 1) / used, whole)
      }
      return FrameSize(
        width: side(picture.width, used.width, wanted.width), height: side(picture.height, used.height, wanted.height))
    }
  }
}

/// A camera's picture at the size in which people are found and cut out: masked, cropped, with limited width.
package struct WorkingPicture: Hashable, Sendable {
  /// At this width a person in the next room is still recognisable, and 64 pictures take less than 60 MB.
  package static let widest = 640

  package var region: PictureRegion
  package var mask: PrivacyMask

  package init(region: PictureRegion = .whole, mask: PrivacyMask = .none) {
    self.region = region
    self.mask = mask
  }

  /// The region's own size, or less so that neither side exceeds `widest`; never enlarged.
  package func size(of picture: FrameSize) -> FrameSize {
    let used = region.rectangle(in: picture)
    let longest = max(used.width, used.height)
    guard longest > Self.widest else { return FrameSize(width: used.width, height: used.height) }
    func side(_ length: Int) -> Int { max(1, (length * Self.widest + longest / 2) / longest) }
    return FrameSize(width: side(used.width), height: side(used.height))
  }

  /// Converts a box from fractions of the working picture to fractions of the camera's whole picture.
  package func inWhole(_ box: PictureBox) -> PictureBox {
    PictureBox(
      x: region.x + box.x * region.width, y: region.y + box.y * region.height, width: box.width * region.width,
      height: box.height * region.height)
  }

  /// Converts a box from fractions of the camera's whole picture to fractions of the working picture.
  package func inRegion(_ box: PictureBox) -> PictureBox {
    PictureBox(
      x: (box.x - region.x) / region.width, y: (box.y - region.y) / region.height, width: box.width / region.width,
      height: box.height / region.height)
  }
}
