"""Commands that draw trees and maps of data sets."""
