/// How a camera's picture becomes the square RGB picture that the network sees.
///
/// Shared by the daemon, recognition of files, and training: mask, region of interest, crop, resize.
package struct ClipPreprocessing: Hashable, Sendable {
  /// Side of the square in pixels.
  package var size: Int
  package var region: PictureRegion
  package var crop: Crop
  package var mask: PrivacyMask

  package init(size: Int = 224, region: PictureRegion = .whole, crop: Crop = .full, mask: PrivacyMask = .none) {
    precondition(size > 0)
    self.size = size
    self.region = region
    self.crop = crop
    self.mask = mask
  }

  /// For a person's square of a picture; see `PersonRegion` in People.
  ///
  /// - Parameters:
  ///   - size: side of the network's square in pixels.
  ///   - square: the part to show, in pixels of the picture.
  ///   - picture: the picture's size.
  /// - Throws: `VideoError.badRegion` if the square is not in the picture.
  package init(size: Int, square: PixelRectangle, of picture: FrameSize) throws(VideoError) {
    self.init(size: size, region: try PictureRegion(pixels: square, of: picture))
  }

  /// Size of one sample in bytes.
  package var byteCount: Int { size * size * 3 }

  /// The part of a picture that becomes the square.
  package func rectangle(in picture: FrameSize) -> PixelRectangle {
    crop.apply(to: region.rectangle(in: picture))
  }

  /// The smallest size to which a picture may be reduced before it is sampled without later enlargement.
  ///
  /// A decoder that can reduce (JPEG: to 1/2, 1/4) uses the smallest reduction that reaches it on both sides; the
  /// sample then differs from that of the full picture only by the reduction's filter. An axis that is cropped needs
  /// two more pixels, because the edges are rounded to whole pixels before and after. Never larger than the picture
  /// itself.
  package func minimumDecodedSize(of picture: FrameSize) -> FrameSize {
    let used = rectangle(in: picture)
    func side(_ whole: Int, _ used: Int) -> Int {
      let wanted = used == whole ? size : size + 2
      return min((whole * wanted + used - 1) / used, whole)
    }
    return FrameSize(width: side(picture.width, used.width), height: side(picture.height, used.height))
  }
}
